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

FLAGS_release := -O2 -g -fstack-protector-strong -fPIE
LINK_release  := -pie -Wl,-z,relro,-z,now
CPP_release   := -D_FORTIFY_SOURCE=2
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

CPPFLAGS = -Idaemon -Itests -D_GNU_SOURCE -DAMID_VERSION='"$(VERSION)"' $(CPP_$(VARIANT)) $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
CFLAGS   = -std=gnu11 $(WARNINGS) $(FLAGS_$(VARIANT))
LDFLAGS  = $(LINK_$(VARIANT))
LIBS     = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm
