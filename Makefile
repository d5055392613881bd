# One build serves `build`, `demo`, `bench` and `test`: all pass the same flags, and tests run in release.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export PKG_CONFIG_PATH := $(CURDIR)/.deps/lib/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))

# The executable and the test bundles live in .build/<target>/release; an install puts the libraries into ../lib.
rpath = -Xlinker -rpath -Xlinker '$$ORIGIN/$(1)'
FLAGS := -c release --explicit-target-dependency-import-check error \
  $(call rpath,../../../.deps/arrow/lib) $(call rpath,../../../.deps/openblas/lib) $(call rpath,../../../.deps/xgboost/lib) \
  $(call rpath,../lib)
SWIFT_FILES := Package.swift Sources Tests Benchmarks/ProphetParity

.PHONY: help setup build test test-web test-s3 test-spark test-faults test-sanitize fuzz demo bench lint format pretrain third-party dist test-dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## fetch the native libraries, once
	@scripts/bootstrap

build: setup ## build .build/release/horizonscale
	@swift build $(FLAGS)

test: setup ## build and run all tests
	@swift build $(FLAGS) --build-tests
	@scripts/test $(FLAGS)

test-web: build ## test the dashboard in a headless Chromium; fetches it and Playwright once
	@scripts/test-web

test-spark: dist ## test integrations/spark on a small cluster of its own; fetches PySpark once
	@scripts/test-spark

test-faults: build ## break 300 runs at random points, 200 of them killed and 50 with a full disk
	@scripts/faults

test-sanitize: setup ## run all tests under the address and the thread sanitizer, in builds of their own
	@scripts/test-sanitize

fuzz: setup ## fuzz all doors for FUZZ_MINUTES, at most 65 minutes in all; a finding says how to repeat it
	@scripts/fuzz

test-s3: build ## test workspaces and inputs in an object store, against a server on loopback; fetches moto once
	@scripts/test-s3

demo: build ## make a synthetic fleet and forecast it into ./demo-workspace
	@.build/release/horizonscale demo --workspace ./demo-workspace

bench: build ## measure, against peers where they are installed; raw results are kept
	@Benchmarks/run

lint: ## check the format of all Swift files, and THIRD_PARTY.md
	@swift format lint --strict --recursive --parallel $(SWIFT_FILES)
	@scripts/third-party --check

format: ## format all Swift files in place
	@swift format --in-place --recursive --parallel $(SWIFT_FILES)

pretrain: setup ## train the weights that ship with the product anew: 15 minutes on one core
	@swift build $(FLAGS) --product lstm-pretrain
	@scripts/pretrain

third-party: ## write THIRD_PARTY.md anew from scripts/pins.txt
	@scripts/third-party

dist: build ## pack a relocatable folder, .tar.zst and .deb into dist/
	@scripts/dist

test-dist: ## try the packages in dist/ elsewhere: needs root and, once, a Debian mirror
	@scripts/test-dist

clean: ## remove build products; the native libraries stay
	@rm -rf .build .build-asan .build-fuzz .build-tsan
