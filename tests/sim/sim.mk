# The simulation: the daemon's own archives, without loop/ and http/, on virtual time, with ec2sim's
# model behind http/. tests/sim/README.md, "The simulation".
SIMULATION_SOURCES  := $(sort $(wildcard tests/sim/simulation/*.c))
SIMULATION_FRONT    := ec2sim http-server http-parse options sigv4-check
SIMULATION_OBJECTS  := $(SIMULATION_SOURCES:%.c=$(B)/%.o) \
                     $(filter-out $(SIMULATION_FRONT:%=$(B)/tests/sim/%.o),$(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/sim/*.c))))
SIMULATION_ARCHIVES := $(patsubst %,$(B)/%.a,$(filter-out loop http control,$(LAYERS)))
SIMULATION_LINK      = $(CC) $(ALL_LDFLAGS) -Wl,--wrap=engine_new,--wrap=rename,--wrap=unlink,--wrap=fsync
# The objects in which a mutant makes a difference come in front of the archives.
MUTANT_SOURCES    := $(shell grep -l 'include "base/mutant.h"' $(FOLDERS:%=daemon/%/*.c) tests/sim/simulation/*.c)
MUTANT_OBJECTS    := $(MUTANT_SOURCES:%.c=$(B)/mutants/%.o)
SOAK_SECONDS      ?= 3600

$(B)/sim: $(SIMULATION_OBJECTS) $(SIMULATION_ARCHIVES)
$(B)/sim-mutants: $(MUTANT_OBJECTS) $(filter-out $(MUTANT_SOURCES:%.c=$(B)/%.o),$(SIMULATION_OBJECTS)) $(SIMULATION_ARCHIVES)
$(B)/sim $(B)/sim-mutants:
	$(call say,LD,$@)
	$(Q)$(SIMULATION_LINK) $^ $(LIBS) -o $@
$(B)/mutants/%.o: %.c
	$(call say,CC,$< (mutants))
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) -DAMID_MUTANTS $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
build/sim build/sim-mutants: build/%: $(B)/% FORCE
	$(Q)cmp -s $< $@ || install -m 755 $< $@

.PHONY: check-sim check-mutants soak
check-sim: build/sim ## the engine through simulated years, crashes at every step, broken engines noticed
	$(Q)tests/sim/check.sh build/sim
	+$(Q)$(MAKE) --no-print-directory check-mutants

# MUTANT=NAME tries only that one.
check-mutants: build/sim-mutants ## broken engines, each of which the simulation must notice
	$(Q)tests/sim/mutants.sh build/sim-mutants $(JOBS) $(MUTANT)

soak: build/sim ## simulated years from new seeds, as long as SOAK_SECONDS says (3600)
	$(Q)tests/sim/soak.sh build/sim $(SOAK_SECONDS)
