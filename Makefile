# SPDX-License-Identifier: ISC
# The front door. Meson builds, scripts/ does the rest; `make help` lists what there is.

CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)

# make's built-in CC is cc: we mean gcc, unless told otherwise.
ifeq ($(origin CC),default)
CC := gcc
endif

# Debian's own, not what a pip or pyenv may have put before them.
MESON := /usr/bin/meson
BUILD := build

.DEFAULT_GOAL := build
.PHONY: build setup check quick lint fmt demo bench bench-micro bench-bars fuzz install clean help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is needed from Debian's packages (root)
	scripts/setup

# Every build goes through here: installs what is missing when it may, else says what to do.
$(BUILD)/build.ninja:
	scripts/setup build
	CC=$(CC) $(MESON) setup $(BUILD) --prefix=$(PREFIX)

build: $(BUILD)/build.ninja ## build into build/ (the default)
	ninja -j $(JOBS) -C $(BUILD)

quick: build ## the unit tests alone
	$(MESON) test -C $(BUILD) --no-rebuild --print-errorlogs --suite unit

check: ## everything that CI runs (root, for network namespaces)
	@[ "$$(id -u)" -eq 0 ] || { \
		echo "make check: not root. The tests make network namespaces: sudo make check"; \
		echo "make check: without root there are: make quick, make lint"; exit 1; }
	scripts/setup check
	scripts/check --jobs $(JOBS)

lint: ## format, layers, sizes, scripts, man pages, docs
	scripts/check format layers sizes lint shell man docs

fmt: ## format the C sources in place
	find src tests fuzz bench \( -name '*.c' -o -name '*.h' \) -print0 | xargs -0 clang-format -i

demo: ## a talking host falls silent, and its member loses nothing; under two minutes (root)
	@[ "$$(id -u)" -eq 0 ] || { \
		echo "make demo: not root. It makes network namespaces: sudo make demo"; exit 1; }
	scripts/setup demo
	@$(MAKE) --no-print-directory build
	scripts/demo

bench: ## tunnels in turn: ours, without cryptography, wireguard-go's, none (root)
	@[ "$$(id -u)" -eq 0 ] || { \
		echo "make bench: not root. It makes network namespaces: sudo make bench"; exit 1; }
	scripts/setup demo
	@$(MAKE) --no-print-directory build
	bench/run

bench-micro: build ## parts: ns, instructions, handshakes, memory, look-ups (root)
	@missed=0; for it in $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/micro_*.c)) \
			bench/instructions bench/memory bench/enforcement; do \
		echo "== $$(basename $$it)"; $$it || missed=1; done; exit $$missed

bench-bars: build ## revocation, a policy for many, mediation, enrolments, kill -9 (root)
	bench/zerotrust

FUZZ_SECONDS ?= 60
fuzz: ## fuzz each parser for FUZZ_SECONDS (60) with the sanitizers on
	scripts/setup check
	scripts/check --jobs $(JOBS) --fuzz-seconds $(FUZZ_SECONDS) asan fuzz

install: build ## programs, man pages, systemd units (PREFIX=/usr/local, DESTDIR=)
	$(MESON) configure $(BUILD) -Dprefix=$(PREFIX)
	DESTDIR=$(DESTDIR) $(MESON) install -C $(BUILD)

clean: ## remove build/
	rm -rf $(BUILD)
