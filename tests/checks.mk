# What is checked, by tier. tests/README.md explains the tiers.
UNIT_TESTS    := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c)))
FUZZ_TARGETS  := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/fuzz/fuzz-*.c)))
BENCHES       := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/bench-*.c)))
TOOLS         := $(patsubst %.c,$(B)/tests/tools/%,$(notdir $(sort $(wildcard tests/tools/*.c tests/zones/*.c))))
DAEMON        := $(sort $(wildcard daemon/*.c $(FOLDERS:%=daemon/%/*.c)))
ALL_SOURCES   := $(DAEMON) $(sort $(wildcard tests/*/*.c tests/unit/*/*.c tests/unit/*/*/*.c tests/sim/simulation/*.c))
ALL_HEADERS   := $(sort $(wildcard $(FOLDERS:%=daemon/%/*.h) tests/*.h tests/*/*.h tests/sim/simulation/*.h))
UNIT_HEADERS  := $(wildcard tests/unit/*/*.h tests/unit/*/*/*.h) # of one test program each: not meant to stand alone
VENV          := tests/.venv
FUZZ_SECONDS  ?= 60
JOBS          ?= $(shell nproc)

# Objects are kept: make takes those of a test for intermediate files otherwise.
.PRECIOUS: $(B)/%.o

# ---- all tiers -------------------------------------------------------------------------------
.PHONY: check
check: | $(filter deps,$(MAKECMDGOALS)) ## every tier, with a table of what ran and how long it took
	@MAKE='$(MAKE)' JOBS=$(JOBS) tests/tiers.sh

# ---- unit ------------------------------------------------------------------------------------
.PHONY: check-unit
check-unit: $(UNIT_TESTS) deps-check flags-check headers-check ## unit tests and the include rule: no root, no network
	@printf '%s\n' $(UNIT_TESTS) | xargs -r -P $(JOBS) -n 1 tests/unit/run.sh

.PHONY: deps-check circles-check
deps-check: circles-check ## hold every #include to the folder table of the Makefile
	@$(foreach f,$(FOLDERS),awk -v folder=$f -v may="$f $(MAY_$f)" -f tests/deps-check.awk $(wildcard daemon/$f/*.[ch]) &&) true
	@for file in $(filter-out $(DAEMON),$(shell find daemon -name '*.c')); do echo "$$file is in no folder of the Makefile's table"; exit 1; done
circles-check: $(foreach f,$(FOLDERS),$(OBJECTS_$f)) ## no circle of files between folders, none of more than four inside one
	@python3 tests/circles.py $(B)/daemon $(foreach f,$(FOLDERS),$f=4)

# What packagers set adds to our own flags, and takes the place of none.
.PHONY: flags-check
flags-check: ## hold the flags of the caller beside our own
	@$(MAKE) --no-print-directory -Bn V=1 VARIANT=release B=build/flags CPPFLAGS=-DTHEIRS CFLAGS=-Otheirs LDFLAGS=-Wl,theirs build/flags/amid | \
		awk '/-c -o build\/flags\/daemon\/amid.o/ { cc = /-Idaemon/ && /-std=gnu11/ && /-fstack-clash-protection/ && /-DTHEIRS/ && /-Otheirs/ } \
		     /-o build\/flags\/amid / { ld = /relro/ && /theirs/ } \
		     END { if (!cc || !ld) { print "flags of the caller, or our own, are lost"; exit 1 } }'

# Every header can be read on its own: it includes what it uses.
HEADERS_ALONE := $(ALL_HEADERS:%=$(B)/alone/%.o)
.PHONY: headers-check
headers-check: $(HEADERS_ALONE)
$(HEADERS_ALONE): $(B)/alone/%.o: %
	$(call say,H,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) -std=gnu11 $(WARNINGS) -MMD -MP -include $< -x c -c -o $@ /dev/null

# ---- helper programs of the tests ------------------------------------------------------------
.PHONY: tools
tools: $(TOOLS)
$(B)/tests/tools/%: $(B)/tests/tools/%.o $(ALL_ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
$(B)/tests/tools/%: $(B)/tests/zones/%.o $(ALL_ARCHIVES)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: print
print: tools ## print manual sections, schema and catalog from the tables of the program
	$(Q)tests/tools/print.sh $(B)/tests/tools

# ---- cloud -----------------------------------------------------------------------------------
$(VENV)/stamp: tests/requirements.txt
	$(call say,PIP,$<)
	$(Q)python3 -m venv $(VENV)
	$(Q)$(VENV)/bin/pip install --quiet --disable-pip-version-check -r $<
	$(Q)touch $@

.PHONY: venv
venv: $(VENV)/stamp

# TESTS=cloud/test_create.py, or PYTEST_FLAGS='-k name', runs some of them.
.PHONY: check-cloud
check-cloud: $(VENV)/stamp all tools ## the real daemon against moto (Python comes into tests/.venv)
	$(Q)AMID_B=$(B) $(VENV)/bin/pytest -c tests/pytest.ini --rootdir tests $(PYTEST_FLAGS) $(addprefix tests/,$(or $(TESTS),cloud))

# Compared with Python's own zoneinfo, hence the same Python; its database is the system's.
.PHONY: check-zones
check-zones: tools ## our reader of time zones beside Python's, every zone
	$(Q)set -e; for t in $(sort $(wildcard tests/zones/*.py)); do AMID_B=$(B) python3 -W error $$t; done

# ---- system ----------------------------------------------------------------------------------
.PHONY: check-system
check-system: $(VENV)/stamp all tools ## a real systemd in systemd-nspawn (root)
	$(Q)AMID_B=$(B) $(VENV)/bin/pytest -c tests/pytest.ini --rootdir tests -n 0 $(PYTEST_FLAGS) tests/system

# ---- fuzz ------------------------------------------------------------------------------------
# The macro, libFuzzer's usual one, lowers limits of parsers, so that small inputs reach them.
FLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fPIE \
              -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
LINK_fuzz  := -pie -fsanitize=fuzzer,address,undefined
CPP_fuzz   :=

.PHONY: fuzz fuzz-build fuzz-run
fuzz: ## every parser under libFuzzer, FUZZ_SECONDS (60) each, ASan and UBSan
	+$(Q)$(MAKE) --no-print-directory VARIANT=fuzz B=build/fuzz CC=clang fuzz-run
fuzz-build: $(FUZZ_TARGETS)
fuzz-run: $(FUZZ_TARGETS)
	$(Q)printf '%s\n' $(FUZZ_TARGETS) | xargs -r -P $(JOBS) -n 1 tests/fuzz/run.sh $(FUZZ_SECONDS)
$(B)/tests/fuzz/fuzz-%: $(B)/tests/fuzz/fuzz-%.o $(ALL_ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# ---- bench -----------------------------------------------------------------------------------
$(B)/tests/bench/bench-%: $(B)/tests/bench/bench-%.o $(ALL_ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
# Settings and state that a group may write are refused, hence the umask.
.PHONY: bench
bench: all $(BENCHES) $(if $(wildcard tests/bench/*.py),$(VENV)/stamp) ## speed, each as a ratio within one run
	$(Q)umask 022; set -e; for b in $(BENCHES); do AMID_B=$(B) PYTHON=$(VENV)/bin/python $$b; done
	$(Q)umask 022; set -e; for b in $(sort $(wildcard tests/bench/bench_*.py)); do AMID_B=$(B) $(VENV)/bin/python $$b; done

# ---- coverage --------------------------------------------------------------------------------
.PHONY: coverage
coverage: ## what the unit tests reach: build/coverage/report/index.html
	+$(Q)$(MAKE) --no-print-directory VARIANT=coverage B=build/coverage check-unit
	$(Q)mkdir -p build/coverage/report
	$(Q)gcovr --root . --object-directory build/coverage --filter 'daemon/' --exclude-unreachable-branches \
		--gcov-ignore-parse-errors --html-details build/coverage/report/index.html --txt

# ---- analysis --------------------------------------------------------------------------------
# Each tool keeps what it found clean, so that a second run looks at what changed only.
TIDY_STAMPS := $(ALL_SOURCES:%.c=build/analyze/%.tidy)
# -O0: with optimisation gcc 12 loses track of what a cleanup function gets (false alarms)
FLAGS_analyze := -O0 -g -fanalyzer -fPIE -Werror
LINK_analyze  := -pie
CPP_analyze   :=

.PHONY: analyze analyze-all analyze-tidy analyze-cppcheck analyze-gcc analyze-shell
analyze: ## clang-tidy, cppcheck, gcc -fanalyzer and shellcheck over everything
	+$(Q)$(MAKE) --no-print-directory -k -j$(JOBS) VARIANT=analyze B=build/analyze analyze-all
analyze-all: analyze-tidy analyze-cppcheck analyze-gcc analyze-shell
analyze-tidy: $(TIDY_STAMPS)
build/analyze/%.tidy: %.c .clang-tidy
	$(call say,TIDY,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) -MM -MP -MT $@ -MF $(@:.tidy=.tidy.d) $<
	$(Q)clang-tidy --quiet $< -- $(ALL_CPPFLAGS) -std=gnu11 2>$@.log || { cat $@.log; exit 1; }
	$(Q)touch $@
-include $(shell find build/analyze -name '*.tidy.d' 2>/dev/null)
# uninitvar, ctuuninitvar: cppcheck does not see that a `ret` parameter was written, nor what its
# caller filled in; the other two do.
analyze-cppcheck:
	$(call say,LINT,cppcheck daemon)
	$(Q)mkdir -p build/analyze/cppcheck
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--cppcheck-build-dir=build/analyze/cppcheck -Idaemon -D_GNU_SOURCE -DAMID_VERSION='""' \
		--suppress=missingInclude --suppress=unknownMacro --suppress=internalAstError \
		--suppress=uninitvar --suppress=ctuuninitvar -j $(JOBS) daemon
# gcc 12 loses the entries of a uthash table and calls them leaked; LeakSanitizer looks after these.
WITH_UTHASH := $(shell grep -lE "<uthash.h>|HASH_[A-Z]" $(DAEMON))
analyze-gcc: $(patsubst %.c,$(B)/%.o,$(filter-out $(WITH_UTHASH),$(DAEMON)))

# SC2154: the variables that come from the rendering, runs/remote/freeze-script.c.
analyze-shell:
	$(call say,LINT,shellcheck daemon)
	$(Q)shellcheck -s sh -e SC2154 $(wildcard $(FOLDERS:%=daemon/%/*.sh))

.PHONY: format check-format
format: ## lay out every C file
	$(Q)clang-format -i $(ALL_SOURCES) $(ALL_HEADERS) $(UNIT_HEADERS)
check-format: ## fail when `make format` would change something
	$(Q)clang-format --dry-run -Werror $(ALL_SOURCES) $(ALL_HEADERS) $(UNIT_HEADERS)

comma := ,
compile_commands.json: $(ALL_SOURCES) Makefile tests/flags.mk tests/checks.mk ## for editors and language servers
	$(call say,GEN,$@)
	$(Q){ echo '['; \
	for f in $(ALL_SOURCES); do \
		printf '%s{"directory": "%s", "file": "%s", "command": "%s"}' "$$sep" '$(CURDIR)' "$$f" \
			"$$(printf '%s' $(call shell_quote,$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c) | sed 's/["\\]/\\&/g') $$f"; \
		sep="$(comma)$$(printf '\n.')"; sep=$${sep%.}; \
	done; echo; echo ']'; } >$@
shell_quote = '$(subst ','\'',$1)'
