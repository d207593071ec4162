# The universe: the daemon's own archives, but loop/ and http/, on virtual time with ec2sim's model
# behind http/. tests/sim/README.md, "The universe".
UNIVERSE_SOURCES  := $(sort $(wildcard tests/sim/universe/*.c))
UNIVERSE_FRONT    := ec2sim http-server http-parse options sigv4-check
UNIVERSE_OBJECTS  := $(UNIVERSE_SOURCES:%.c=$(B)/%.o) \
                     $(filter-out $(UNIVERSE_FRONT:%=$(B)/tests/sim/%.o),$(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/sim/*.c))))
UNIVERSE_ARCHIVES := $(foreach f,runs aws store settings schedule retention base,$(B)/$f.a)
UNIVERSE_LINK      = $(CC) $(LDFLAGS) -Wl,--wrap=engine_new,--wrap=rename,--wrap=unlink,--wrap=fsync $(UNIVERSE_OBJECTS) MUTANT $(UNIVERSE_ARCHIVES) $(LIBS)
SOAK_SECONDS      ?= 3600

$(B)/sim: $(UNIVERSE_OBJECTS) $(UNIVERSE_ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(subst MUTANT,,$(UNIVERSE_LINK)) -o $@
build/sim: $(B)/sim FORCE
	$(Q)cmp -s $< $@ || install -m 755 $< $@

.PHONY: check-sim check-mutants soak
check-sim: build/sim ## the engine through simulated years, deaths at every step, broken engines noticed
	$(Q)tests/sim/check.sh build/sim
	+$(Q)$(MAKE) --no-print-directory check-mutants

# MUTANT=NAME tries only that one.
check-mutants: $(B)/sim
	$(Q)tests/sim/mutants.sh $(B) '$(CC) $(CPPFLAGS) $(CFLAGS)' '$(UNIVERSE_LINK)' $(MUTANT)

soak: build/sim ## simulated years from new seeds, as long as SOAK_SECONDS says (3600)
	$(Q)tests/sim/soak.sh build/sim $(SOAK_SECONDS)
