# Compilers and flags. The san variant is what the tests of a check run; release is what is installed.

Q    := $(if $(V),,@)
say   = $(if $(V),,@printf '  %-4s %s\n' '$1' '$2')

PKG_CONFIG ?= pkg-config
ifeq ($(filter help deps deps-build clean format,$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell $(PKG_CONFIG) --exists $(PACKAGES) && echo yes),yes)
$(error Libraries are missing ($(shell $(PKG_CONFIG) --exists --print-errors $(PACKAGES) 2>&1 | head -1)). Run: make deps)
endif
endif

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
            -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wswitch-enum -Wpointer-arith -Wimplicit-fallthrough

# Control flow is protected by the processor: -fcf-protection on x86, its like on ARM.
takes          = $(shell echo | $(CC) $1 -E -o /dev/null -x c - 2>/dev/null && echo $1)
FLAGS_release := -O2 -g -fstack-protector-strong -fstack-clash-protection \
                 $(or $(call takes,-fcf-protection),$(call takes,-mbranch-protection=standard)) -fPIE
LINK_release  := -pie -Wl,-z,relro,-z,now
CPP_release    = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
FLAGS_debug   := -O0 -g3 -fPIE -Werror
LINK_debug    := -pie
CPP_debug     :=
# uthash wraps around on purpose, hence no -fsanitize=integer
FLAGS_san     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -fPIE -Werror
LINK_san      := -pie -fsanitize=address,undefined
CPP_san       :=
FLAGS_coverage := -O0 -g --coverage -fPIE
LINK_coverage  := -pie --coverage
CPP_coverage   :=

# CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are those of the caller, from the environment or the command line:
# packagers set them. They come last and add to what the sources need.
ALL_CPPFLAGS = -Idaemon -Itests -D_GNU_SOURCE -DAMID_VERSION='"$(VERSION)"' $(CPP_$(VARIANT)) \
               $(shell $(PKG_CONFIG) --cflags $(PACKAGES)) $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu11 $(WARNINGS) $(FLAGS_$(VARIANT)) $(CFLAGS)
ALL_LDFLAGS  = $(LINK_$(VARIANT)) $(LDFLAGS)
LIBS         = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm $(LDLIBS)
