# Installing, packing, and the packages that building and testing need.

# ---- packages (Debian 12, and what derives from it): the one list ------------------------------
BUILD_PACKAGES := gcc make pkg-config libsystemd-dev libcurl4-openssl-dev libssl-dev libyaml-dev \
                  libcjson-dev libexpat1-dev libsqlite3-dev uthash-dev tzdata ca-certificates
TEST_PACKAGES  := clang clang-format clang-tidy libclang-rt-14-dev cppcheck gcovr libcmocka-dev mandoc shellcheck \
                  busybox-static procps e2fsprogs xfsprogs postgresql mariadb-server \
                  python3 python3-venv systemd systemd-container

.PHONY: deps deps-build
deps: ## install what building and testing need (apt)
	@tests/deps.sh $(BUILD_PACKAGES) $(TEST_PACKAGES)
deps-build: ## install what building needs, no more
	@tests/deps.sh $(BUILD_PACKAGES)

# ---- install ---------------------------------------------------------------------------------
SBINDIR       := $(PREFIX)/sbin
BINDIR        := $(PREFIX)/bin
MANDIR        := $(PREFIX)/share/man
DOCDIR        := $(PREFIX)/share/doc/amid
SYSCONFDIR    ?= /etc
# systemd reads units below /usr/local as well; the catalog and sysusers below /usr/lib only.
UNITDIR       := $(PREFIX)/lib/systemd/system
CATALOGDIR    := /usr/lib/systemd/catalog
SYSUSERSDIR   := $(PREFIX)/lib/sysusers.d

POLICIES      := $(patsubst config/%,$(DOCDIR)/%,$(sort $(wildcard config/policy/*.json)))
RECIPES       := $(patsubst config/%,$(DOCDIR)/%,$(sort $(wildcard config/freeze/*.yaml)))
INSTALLED := $(SBINDIR)/amid $(BINDIR)/amictl \
             $(MANDIR)/man8/amid.8 $(MANDIR)/man1/amictl.1 $(MANDIR)/man5/amid.yaml.5 \
             $(MANDIR)/man7/amid-consistency.7 $(MANDIR)/man7/amid-changes.7 \
             $(UNITDIR)/amid.service $(SYSUSERSDIR)/amid.conf $(CATALOGDIR)/amid.catalog \
             $(DOCDIR)/amid.yaml $(DOCDIR)/amid.schema.json \
             $(DOCDIR)/README.md $(RECIPES) $(POLICIES)

to = $(DESTDIR)$(filter %/$1,$(INSTALLED))
# Manual and settings name the folder of the policies and recipes.
install_text = sed 's|/usr/local/share/doc/amid|$(DOCDIR)|g' $1 >$2 && chmod 644 $2

.PHONY: install
install: all systemd/amid.catalog ## install below DESTDIR/PREFIX; an existing amid.yaml stays as it is
	install -d $(sort $(dir $(INSTALLED:%=$(DESTDIR)%))) $(DESTDIR)$(SYSCONFDIR)/amid/conf.d
	install -m 755 build/amid $(call to,amid)
	install -m 755 build/amictl $(call to,amictl)
	$(call install_text,man/amid.8,$(call to,amid.8))
	$(call install_text,man/amictl.1,$(call to,amictl.1))
	$(call install_text,man/amid.yaml.5,$(call to,amid.yaml.5))
	$(call install_text,man/amid-consistency.7,$(call to,amid-consistency.7))
	$(call install_text,man/amid-changes.7,$(call to,amid-changes.7))
	sed -e 's|/usr/local/sbin|$(SBINDIR)|; s|/usr/local/bin|$(BINDIR)|' systemd/amid.service >$(call to,amid.service)
	chmod 644 $(call to,amid.service)
	install -m 644 systemd/amid.sysusers $(call to,amid.conf)
	install -m 644 systemd/amid.catalog $(call to,amid.catalog)
	$(call install_text,config/amid.yaml,$(call to,amid.yaml))
	$(call install_text,config/amid.schema.json,$(call to,amid.schema.json))
	install -m 644 README.md $(call to,README.md)
	install -m 644 config/freeze/*.yaml $(DESTDIR)$(DOCDIR)/freeze/
	install -m 644 config/policy/*.json $(DESTDIR)$(DOCDIR)/policy/
	@test -e $(DESTDIR)$(SYSCONFDIR)/amid/amid.yaml || \
		install -v -m 644 $(call to,amid.yaml) $(DESTDIR)$(SYSCONFDIR)/amid/amid.yaml
	@test -n '$(DESTDIR)' || printf '%s\n' 'Next, as root: systemd-sysusers; journalctl --update-catalog; systemctl daemon-reload' \
		'then edit $(SYSCONFDIR)/amid/amid.yaml, amictl check, systemctl enable --now amid'

.PHONY: uninstall
uninstall: ## remove what install brought; settings and state stay
	rm -f $(INSTALLED:%=$(DESTDIR)%)
	-rmdir $(DESTDIR)$(DOCDIR)/freeze $(DESTDIR)$(DOCDIR)/policy $(DESTDIR)$(DOCDIR)

.PHONY: dist
dist: ## pack the committed tree: build/amid-VERSION.tar.gz
	@mkdir -p build
	git archive --format=tar.gz --prefix=amid-$(VERSION)/ -o build/amid-$(VERSION).tar.gz HEAD
	@echo build/amid-$(VERSION).tar.gz
