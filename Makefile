# Tideway. `make help` lists the targets; README.md says what they are for.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export NX_DAEMON := false
export NX_TUI := false
NODE := node --disable-warning=ExperimentalWarning

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node_modules/.ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing; install it with: apt-get install nodejs npm" >&2; exit 1; }
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: install
install: node_modules/.ready ## what is missing: system packages, Node 24, npm packages

.PHONY: build
build: install ## bundles of all services and the CLI in dist/
	@$(NODE) hack/build.ts

.PHONY: generate
generate: install ## generated code and pages: protos, CRDs, references
	@$(NODE) hack/generate.ts

.PHONY: demo
demo: install ## two clusters, peered, with a Deployment running across the border
	@$(NODE) hack/demo.ts

.PHONY: test
test: install ## lint, types, unit, service and end-to-end tests
	@$(NODE) hack/test.ts

.PHONY: bench
bench: install ## measures what the README states; writes .sandbox/bench.json
	@$(NODE) test/bench/src/main.ts

.PHONY: down
down: ## removes every process, namespace, mount and cgroup of this checkout's sandboxes
	@if [ -x node_modules/.bin/node ]; then $(NODE) test/sandbox/bin/sandbox.ts down --all; fi

.PHONY: format
format: install ## rewrites all sources in the project's format
	@prettier --log-level warn --write .
