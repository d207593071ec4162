# The universe: the daemon's own archives, but loop/ and http/, on virtual time with ec2sim's model
# behind http/. tests/sim/README.md, "The universe".
UNIVERSE_SOURCES  := $(sort $(wildcard tests/sim/universe/*.c))
UNIVERSE_FRONT    := ec2sim http-server http-parse options sigv4-check
UNIVERSE_OBJECTS  := $(UNIVERSE_SOURCES:%.c=$(B)/%.o) \
                     $(filter-out $(UNIVERSE_FRONT:%=$(B)/tests/sim/%.o),$(patsubst %.c,$(B)/%.o,$(sort $(wildcard tests/sim/*.c))))
UNIVERSE_ARCHIVES := $(foreach f,runs aws store settings schedule retention base,$(B)/$f.a)

# MUTANT=NAME: an object of a deliberately broken engine in front of the archives (mutants.sh).
$(B)/sim: $(UNIVERSE_OBJECTS) $(MUTANT_OBJECT) $(UNIVERSE_ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -Wl,--wrap=engine_new -o $@ $^ $(LIBS)
build/sim: $(B)/sim FORCE
	$(Q)cmp -s $< $@ || install -m 755 $< $@
