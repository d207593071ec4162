# What is checked, by tier (design: tests/README.md).
UNIT_TESTS := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/unit/*/*.c)))

.PHONY: check-unit
check-unit: $(UNIT_TESTS) deps-check ## unit tests and the include rule: no root, no network, under 10 s
	@set -e; for t in $(UNIT_TESTS); do printf '  TEST %s\n' $${t#$(B)/tests/}; CMOCKA_MESSAGE_OUTPUT=STDOUT $$t >$$t.log 2>&1 || { cat $$t.log; exit 1; }; done

.PHONY: deps-check
deps-check: ## hold every #include to the folder table of this Makefile
	@$(foreach f,$(FOLDERS),awk -v folder=$f -v may="$f $(MAY_$f)" -f tests/deps-check.awk $(wildcard daemon/$f/*.[ch]) &&) true
