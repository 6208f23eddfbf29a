# Every target carries a line of help: `make` prints them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help prerequisites control-plane cluster-tools chart-tools tools generate lint test demo faults bench fuzz

build := tests/lab/build.sh

cargo_deny_version := 0.20.2
cargo_deny_root := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/meshcase/cargo-deny/$(cargo_deny_version)
cargo_deny := $(cargo_deny_root)/bin/cargo-deny

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

prerequisites: ## Name what this machine lacks
	@$(build) prerequisites

control-plane: ## Build etcd and Kubernetes into the user's cache folder, once
	@$(build) control-plane

cluster-tools: ## Build kwok and Istio, and fetch Envoy, into the user's cache folder, once
	@$(build) cluster-tools

chart-tools: ## Build Helm 4, Helm 3 and kubeconform into the user's cache folder, once
	@$(build) chart-tools

tools: prerequisites control-plane cluster-tools chart-tools

lint: $(cargo_deny) ## Format, clippy, licences and sources of what is linked
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(cargo_deny) --locked --log-level warn check --hide-inclusion-graph bans licenses sources

# Advisories need the network and a large tree of their own; without them it builds in three minutes of one core.
$(cargo_deny):
	@echo "meshcase: building cargo-deny $(cargo_deny_version) (once)" >&2
	cargo install --quiet --locked --no-default-features --root $(cargo_deny_root) cargo-deny@$(cargo_deny_version)

test: tools lint ## All tests, lint included
	cargo test --workspace --locked

demo: tools ## The whole product on a real control plane, told as a story; KEEP=1 leaves it running until Ctrl-C
	@cargo build --quiet --locked --workspace --bins
	@exec $(or $(CARGO_TARGET_DIR),target)/debug/demo

faults: tools ## Leaders killed, ended and held up, watches cut, etcd restored: how soon it recovers; FAULTS="killed cut" takes some
	@cargo build --quiet --locked --workspace --bins
	@exec $(or $(CARGO_TARGET_DIR),target)/debug/faults

generate: ## Write the definitions, the chart's copy and the generated pages
	@MESHCASE_UPDATE=1 cargo test --quiet --test generated --test docs -- --test-threads=1

bench: tools ## What policy, operator and redaction cost; then a second opinion on 100,000 deadlines
	cargo bench --locked --bench policy --bench cluster --bench precision
	cargo bench --locked --package meshcase-redact --bench redact
	MESHCASE_SECOND_OPINION_CASES=100000 cargo test --locked --package meshcase-domain second_opinion

fuzz_seconds ?= 60
fuzz: ## Fuzz the redactor, the second look and the reader of archives, fuzz_seconds each (needs a nightly compiler and cargo-fuzz)
	@cargo +nightly fuzz --version > /dev/null 2>&1 || { echo "meshcase: make fuzz needs a nightly compiler and cargo-fuzz: rustup toolchain install nightly && cargo install --locked cargo-fuzz" >&2; exit 1; }
	@for target in redactor second_look archive; do \
	  mkdir -p fuzz/corpus/$$target; \
	  cargo +nightly fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	    -max_total_time=$(fuzz_seconds) -max_len=65536 -timeout=10; \
	done
