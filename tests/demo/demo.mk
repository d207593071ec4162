# The demo: the real programs against the simulated EC2. No AWS account, no root, no Python.
.PHONY: demo
demo: | $(filter deps deps-build,$(MAKECMDGOALS)) ## a fleet, a schedule, images, retention: in a minute, without AWS
	+$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	@tests/demo/demo.sh
