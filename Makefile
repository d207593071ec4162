# amid: GNU make. `make help` lists the targets; `make deps` installs what they need.

VERSION := 0.2.0
VARIANT ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
B       := build/$(VARIANT)

# ---- the design, as a table ------------------------------------------------------------------
# The folders of daemon/, lowest layer first, and what each may include. The same table decides what a
# folder is linked with, so that a unit test of a pure folder proves that the folder is pure.
# `make deps-check` holds the sources to it.
AWS           := aws/config aws/request aws/failure aws/services aws/credentials aws/client
RUNS          := runs/events runs/location runs/engine runs/images runs/remote runs/outage runs/backup \
                 runs/retire runs/adopt runs/scheduler runs/manager
FOLDERS       := base schedule retention yaml settings loop http $(AWS) store $(RUNS) control ctl
MAY_base      :=
MAY_schedule  := base
MAY_retention := base
MAY_yaml      := base
MAY_settings  := base yaml schedule retention
MAY_loop      := base
MAY_http      := base loop
MAY_aws/config      := base
MAY_aws/request     := base loop http aws/config
MAY_aws/failure     := base aws/config aws/request
MAY_aws/services    := base aws/config aws/request
MAY_aws/credentials := base loop http aws/config aws/request aws/failure
MAY_aws/client      := base loop http $(filter-out aws/client,$(AWS))
MAY_store     := base
MAY_runs/events     := base store
MAY_runs/location   := base loop settings aws/client aws/services runs/events
MAY_runs/engine     := base loop settings aws/client store runs/events runs/location
MAY_runs/images     := base settings aws/services store runs/events runs/location runs/engine
MAY_runs/remote     := base aws/services runs/location runs/engine
MAY_runs/outage     := base aws/services runs/location runs/engine runs/images runs/remote
MAY_runs/backup     := base runs/location runs/engine runs/images runs/outage
MAY_runs/retire     := base aws/services runs/location runs/engine runs/images
MAY_runs/adopt      := base runs/location runs/engine runs/images
MAY_runs/scheduler  := base runs/engine
MAY_runs/manager    := base loop settings aws/client store $(filter-out runs/manager runs/remote,$(RUNS))
MAY_control   := base loop runs/events runs/images runs/manager store settings schedule retention
MAY_ctl       := base loop http $(AWS) store runs/events runs/location runs/images runs/manager settings \
                 schedule retention control
# What each folder needs to link, highest layer first: itself, what it may include, and what that needs
# in turn. A folder that a row names above its own layer has no NEEDS yet, which ends make.
reversed       = $(if $1,$(call reversed,$(wordlist 2,$(words $1),$1)) $(firstword $1))
LAYERS        := $(call reversed,$(FOLDERS))
needs_of       = $(or $(NEEDS_$2),$(error $1 may not include $2, which FOLDERS does not list before it))
$(foreach f,$(FOLDERS),$(eval NEEDS_$f := $(filter $f $(foreach m,$(MAY_$f),$(call needs_of,$f,$m)),$(LAYERS))))

PACKAGES := libsystemd libcurl libcrypto yaml-0.1 libcjson expat sqlite3

include tests/flags.mk

# ---- programs --------------------------------------------------------------------------------
.DEFAULT_GOAL := all
.PHONY: all
all: build/amid build/amictl build/ec2sim ## build build/amid, build/amictl and build/ec2sim

# One archive per folder; the programs and each unit test name the archives they need.
define folder_rules
SOURCES_$1 := $$(sort $$(wildcard daemon/$1/*.c))
OBJECTS_$1 := $$(SOURCES_$1:%.c=$(B)/%.o)
$(B)/$1.a: $$(OBJECTS_$1)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && $(AR) rcsD $$@ $$^
$(B)/tests/unit/$1/%: $(B)/tests/unit/$1/%.o $(NEEDS_$1:%=$(B)/%.a)
	$$(call say,LD,$$@)
	$$(Q)$(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(LIBS) -lcmocka
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$f)))

# Those that include a header of tests/unit/runs/ drive whole runs, whatever folder they are about.
WHOLE_RUNS := $(patsubst %.c,$(B)/%,$(shell grep -ls '"unit/runs/[a-z0-9-]*\.h"' tests/unit/runs/*/*.c))
$(WHOLE_RUNS): %: %.o $(NEEDS_runs/manager:%=$(B)/%.a)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

ALL_ARCHIVES := $(patsubst %,$(B)/%.a,$(LAYERS))
SIM_OBJECTS   = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/sim/*.c)))

$(B)/amid: $(B)/daemon/amid.o $(ALL_ARCHIVES)
$(B)/amictl: $(B)/daemon/amictl.o $(ALL_ARCHIVES)
$(B)/ec2sim: $(SIM_OBJECTS) $(B)/loop.a $(B)/base.a
$(B)/amid $(B)/amictl $(B)/ec2sim:
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

build/amid build/amictl build/ec2sim: build/%: $(B)/% FORCE
	$(Q)cmp -s $< $@ || install -m 755 $< $@
.PHONY: FORCE
FORCE:

$(B)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The commit, in one object, which is built again when it changes. A package is built without .git.
COMMIT := $(if $(wildcard .git),$(shell git describe --always --dirty --exclude '*' --abbrev=12 2>/dev/null))
$(B)/commit: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' >$@
$(B)/daemon/base/version.o: $(B)/commit
$(B)/daemon/base/version.o: private ALL_CPPFLAGS += $(COMMIT:%=-DAMID_COMMIT='"%"')

# Embedded by the assembler, which tells nobody.
$(B)/daemon/runs/remote/freeze-script.o $(B)/daemon/runs/remote/script.o $(B)/daemon/runs/outage/boot.o: $(wildcard daemon/runs/remote/*.sh)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

include tests/checks.mk
include tests/install.mk
include tests/demo/demo.mk
include tests/sim/sim.mk

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build compile_commands.json

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z_.-]*:.*## /{printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  VARIANT=release|debug|san (now: $(VARIANT)) chooses flags and build/VARIANT/; V=1 shows commands"
