# Builds, installs and tests quorate. `make help` lists the targets.

CARGO ?= cargo
CC ?= cc
INSTALL ?= install
OBJCOPY ?= objcopy

DESTDIR ?=
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
MANDIR ?= $(PREFIX)/share/man

QUORATE_VERSION := $(shell sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# For pkg-config: the newest corosync release, whose libvotequorum (8.0.0) is wholly here. Upstream's
# next one has the ABI 8.1.0.
COROSYNC_VERSION := 3.1.10

BUILD ?= build
PROFILE ?= release
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
# Cargo's directory of the profile "dev" has another name.
PROFILE_DIR := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
STATICLIB := $(PROFILE_DIR)/libquorate.a
CONTROL_STATICLIB := $(PROFILE_DIR)/libquorate_control_c.a
QUORATE := $(PROFILE_DIR)/quorate
PRELOAD := $(BUILD)/lib/libquorate_preload.so
# Where the command looks for it: in lib/quorate next to the directory it is in itself.
PRIVATELIBDIR = $(dir $(BINDIR))lib/quorate

STRIP_release := -Wl,--strip-debug
LINK := -shared -Wl,--gc-sections -Wl,-Bsymbolic-functions \
	-Wl,--no-undefined-version -Wl,-z,relro,-z,now,-z,defs,-z,noexecstack \
	-Wl,--build-id $(STRIP_$(PROFILE))
WHOLE := -Wl,--whole-archive $(STATICLIB) -Wl,--no-whole-archive
SYSTEM := -Wl,--as-needed -lgcc_s -lc

VOTEQUORUM := $(BUILD)/lib/libvotequorum.so.8.1.0
COMMON := $(BUILD)/lib/libcorosync_common.so.4.0.0
NCSSDK := $(BUILD)/lib/libncssdk.so.1.0.0
CONTROL := $(BUILD)/lib/libquorate.so.0.1.0
LIBRARIES := $(VOTEQUORUM) $(COMMON) $(NCSSDK) $(CONTROL)
PKGCONFIG := libvotequorum.pc libcorosync_common.pc ncssdk.pc quorate.pc
HEADERS := include/corosync/votequorum.h include/corosync/corotypes.h

.PHONY: all libraries command manual headers install uninstall deb check-deb deps check check-long fuzz bench bench-client bench-ncs bench-sim demo \
	demo-real clean help FORCE

all: libraries command manual $(addprefix $(BUILD)/pkgconfig/,$(PKGCONFIG)) ## build everything

libraries: $(LIBRARIES) $(BUILD)/lib/libvotequorum.a

$(STATICLIB): FORCE
	$(CARGO) rustc --lib --profile $(PROFILE) --features c-library --crate-type staticlib

$(VOTEQUORUM): $(STATICLIB) abi/libvotequorum.map
	@mkdir -p $(@D)
	$(CC) $(LINK) -Wl,-soname,libvotequorum.so.8 -Wl,--version-script=abi/libvotequorum.map \
		-o $@ $(WHOLE) $(SYSTEM)
	ln -sf $(@F) $(@D)/libvotequorum.so.8
	ln -sf $(@F) $(@D)/libvotequorum.so

$(COMMON): $(STATICLIB) abi/libcorosync_common.map
	@mkdir -p $(@D)
	$(CC) $(LINK) -Wl,-soname,libcorosync_common.so.4 \
		-Wl,--version-script=abi/libcorosync_common.map -o $@ $(WHOLE) $(SYSTEM)
	ln -sf $(@F) $(@D)/libcorosync_common.so.4
	ln -sf $(@F) $(@D)/libcorosync_common.so

# Never unloaded: its threads can't be ended for good before their code is gone.
$(NCSSDK): $(STATICLIB) abi/libncssdk.map
	@mkdir -p $(@D)
	$(CC) $(LINK) -Wl,-z,nodelete -Wl,-soname,libncssdk.so.1 \
		-Wl,--version-script=abi/libncssdk.map -o $@ $(WHOLE) $(SYSTEM)
	ln -sf $(@F) $(@D)/libncssdk.so.1
	ln -sf $(@F) $(@D)/libncssdk.so

$(CONTROL_STATICLIB): FORCE
	$(CARGO) rustc --package quorate-control-c --lib --profile $(PROFILE) --features c-library \
		--crate-type staticlib

$(CONTROL): $(CONTROL_STATICLIB) abi/libquorate.map
	@mkdir -p $(@D)
	$(CC) $(LINK) -Wl,-soname,libquorate.so.0 -Wl,--version-script=abi/libquorate.map \
		-o $@ -Wl,--whole-archive $(CONTROL_STATICLIB) -Wl,--no-whole-archive $(SYSTEM)
	ln -sf $(@F) $(@D)/libquorate.so.0
	ln -sf $(@F) $(@D)/libquorate.so

# One object whose only global names are the API's: another Rust library in the
# same program has the rest under the same names.
$(BUILD)/lib/libvotequorum.a: $(STATICLIB) abi/libvotequorum.map
	@mkdir -p $(@D)
	$(LD) -r -o $@.o --whole-archive $<
	sed -n 's/^ *\(votequorum_[a-z_]*\);$$/\1/p' abi/libvotequorum.map > $@.names
	$(OBJCOPY) --keep-global-symbols=$@.names --remove-section=.llvmbc --remove-section=.llvmcmd $@.o
	rm -f $@
	$(AR) rcs $@ $@.o
	rm -f $@.o $@.names

# The simulated cluster, and the library that leads programs to it.
command: FORCE
	$(CARGO) build --profile $(PROFILE) --package quorate-cli --package quorate-preload
	@mkdir -p $(dir $(PRELOAD))
	cp $(PROFILE_DIR)/libquorate_preload.so $(PRELOAD)

pkgconfig = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
	-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@QUORATE_VERSION@|$(QUORATE_VERSION)|' \
	-e 's|@COROSYNC_VERSION@|$(COROSYNC_VERSION)|' $(1) > $(2)

$(BUILD)/pkgconfig/%.pc: pkgconfig/%.pc.in FORCE
	@mkdir -p $(@D)
	@$(call pkgconfig,$<,$@)

pages = for page in $(wildcard man/*.?); do \
		$(INSTALL) -D -m 644 $$page $(1)/man$${page\#\#*.}/$${page\#\#*/} || exit 1; \
	done

# As man looks for them: many pages name another one that is to be read in their place.
manual:
	@rm -rf $(BUILD)/man
	@$(call pages,$(BUILD)/man)

demo: libraries command ## show a C program in simulated clusters that lose quorum and regain it
	@QUORATE=$(QUORATE) BUILD=$(BUILD) CC="$(CC)" examples/demo.sh

demo-real: libraries ## the same with real daemons: wants root and corosync
	@$(CARGO) run --quiet --package quorate-testkit --example demo

headers: ## write the generated headers to include/
	QUORATE_WRITE_HEADERS=1 $(CARGO) test --quiet --test headers
	QUORATE_WRITE_HEADERS=1 $(CARGO) test --quiet --package quorate-control-c --test header

# Does not build: root may have no cargo, and shall leave no files in the source tree.
install: ## install what make has built: DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR MANDIR
	@for built in $(LIBRARIES) $(QUORATE) $(PRELOAD); do \
		test -e $$built || { echo "$$built is not built: run 'make' first" >&2; exit 1; }; \
	done
	$(INSTALL) -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(INCLUDEDIR)/corosync $(DESTDIR)$(PKGCONFIGDIR)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(PRIVATELIBDIR)
	$(INSTALL) -m 755 $(QUORATE) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 755 $(PRELOAD) $(DESTDIR)$(PRIVATELIBDIR)
	$(INSTALL) -m 644 $(BUILD)/lib/libvotequorum.a $(DESTDIR)$(LIBDIR)
	$(INSTALL) -m 755 $(LIBRARIES) $(DESTDIR)$(LIBDIR)
	ln -sf libvotequorum.so.8.1.0 $(DESTDIR)$(LIBDIR)/libvotequorum.so.8
	ln -sf libvotequorum.so.8.1.0 $(DESTDIR)$(LIBDIR)/libvotequorum.so
	ln -sf libcorosync_common.so.4.0.0 $(DESTDIR)$(LIBDIR)/libcorosync_common.so.4
	ln -sf libcorosync_common.so.4.0.0 $(DESTDIR)$(LIBDIR)/libcorosync_common.so
	ln -sf libncssdk.so.1.0.0 $(DESTDIR)$(LIBDIR)/libncssdk.so.1
	ln -sf libncssdk.so.1.0.0 $(DESTDIR)$(LIBDIR)/libncssdk.so
	ln -sf libquorate.so.0.1.0 $(DESTDIR)$(LIBDIR)/libquorate.so.0
	ln -sf libquorate.so.0.1.0 $(DESTDIR)$(LIBDIR)/libquorate.so
	$(INSTALL) -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/corosync
	$(INSTALL) -m 644 include/ncssdk.h include/quorate.h $(DESTDIR)$(INCLUDEDIR)
	@$(call pages,$(DESTDIR)$(MANDIR))
	$(foreach pc,$(PKGCONFIG),$(call pkgconfig,pkgconfig/$(pc).in,$(DESTDIR)$(PKGCONFIGDIR)/$(pc));)

uninstall: ## remove what install installed
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libvotequorum.a libvotequorum.so libvotequorum.so.8 \
		libvotequorum.so.8.1.0 libcorosync_common.so libcorosync_common.so.4 \
		libcorosync_common.so.4.0.0 libncssdk.so libncssdk.so.1 libncssdk.so.1.0.0 \
		libquorate.so libquorate.so.0 libquorate.so.0.1.0)
	rm -f $(DESTDIR)$(BINDIR)/quorate $(DESTDIR)$(PRIVATELIBDIR)/libquorate_preload.so
	rmdir $(DESTDIR)$(PRIVATELIBDIR) 2>/dev/null || true
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/corosync/,$(notdir $(HEADERS)))
	rm -f $(DESTDIR)$(INCLUDEDIR)/ncssdk.h $(DESTDIR)$(INCLUDEDIR)/quorate.h
	for page in $(wildcard man/*.?); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	done
	rmdir $(addprefix $(DESTDIR)$(MANDIR)/man,1 3 5) 2>/dev/null || true
	rm -f $(addprefix $(DESTDIR)$(PKGCONFIGDIR)/,$(notdir $(PKGCONFIG)))
	rmdir $(DESTDIR)$(INCLUDEDIR)/corosync $(DESTDIR)$(PKGCONFIGDIR) 2>/dev/null || true

# Rust comes from where the builder has it, which need not be a package.
deb: ## build Debian packages in build/deb
	$(if $(filter 0,$(shell id -u)),,fakeroot) debian/rules binary

check-deb: deb ## install the packages on a fresh Debian, use them, remove them: wants root, debootstrap
	tests/deb.sh

deps: ## install the Debian packages that the tests need, or name them
	@tests/deps.sh

check: deps ## run all tests; QUORATE_REQUIRE_ALL=1 makes a skipped one a failure
	$(MAKE) all
	$(MAKE) libraries PROFILE=abi BUILD=$(BUILD)/abi
	tests/check.sh

bench: bench-client bench-ncs bench-sim ## measure everything, side by side with the C stack; writes docs/performance.md

bench-client: libraries ## measure libvotequorum beside the original, on one real daemon
	@$(CARGO) bench --quiet --bench client

# A thousand clients want descriptors, here and in the daemons.
bench-sim: libraries command ## measure the simulated cluster beside corosync-vqsim and real daemons
	@ulimit -n $$(ulimit -H -n) && $(CARGO) bench --quiet --bench simulation

bench-ncs: libraries ## measure libncssdk's locks and callbacks on a cluster of three
	@$(CARGO) bench --quiet --bench ncs

check-long: ## the long runs: 100,000 histories of locks, 10,000 steps beside corosync-vqsim, 200 histories on real clusters, the bench hostile, soaks
	QUORATE_NCS_HISTORIES=100000 $(CARGO) test --release -p quorate-ncs --test histories -- --nocapture
	QUORATE_VQSIM_STEPS=10000 $(CARGO) test --release -p quorate-engine --test vqsim -- --nocapture
	QUORATE_ORACLE_HISTORIES=200 $(CARGO) test --release --test oracle -- random
	$(CARGO) bench -p quorate-sim --bench hostile
	QUORATE_SOAK_SECONDS=60 $(CARGO) test --test behaviour -- soak
	QUORATE_SOAK_SECONDS=60 $(CARGO) test --package quorate-cli --test sim -- soak

FUZZ_SECONDS ?= 600
fuzz: ## go on fuzzing: FUZZ_SECONDS per target, with AddressSanitizer if there is a nightly toolchain
	fuzz/run.sh long $(FUZZ_SECONDS)

clean: ## remove what was built
	$(CARGO) clean
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

FORCE:
