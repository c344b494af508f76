# The menu. `make` alone shows it.

CARGO ?= cargo
HELM ?= helm
HELMFILE ?= helmfile

.PHONY: help build test check fmt clippy bench diff-helm dist registries moto

help: ## Show this menu
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## Build the program for use (target/release/pintle)
	$(CARGO) build --release

dist: ## Build what is shipped: slower to build, smaller and faster
	$(CARGO) build --profile dist

test: registries moto ## Run all tests (PINTLE_SKIP=cluster,registry,moto: without Kubernetes and registries, which need Go, and Amazon, which needs Python)
	@case ",$(PINTLE_SKIP)," in *,cluster,*) ;; *) sh testdata/cluster/build.sh >/dev/null & cluster=$$! ;; esac; \
	$(CARGO) test --no-run && { test -z "$$cluster" || wait $$cluster; }
	$(CARGO) test

# What tests need beyond Rust, into the folder where they look for it.
registries:
	@case ",$(PINTLE_SKIP)," in *,registry,*) ;; *) \
	tests/it/registry/install.sh "$(abspath $(or $(CARGO_TARGET_DIR),target))/tmp/registry" || \
	{ echo 'no registries: the tests of tests/it/registry would not run; PINTLE_SKIP=registry leaves them out' >&2; exit 1; } ;; esac

moto:
	@case ",$(PINTLE_SKIP)," in *,moto,*) ;; *) \
	tests/amazon/install.sh "$(abspath $(or $(CARGO_TARGET_DIR),target))/tmp/moto" || \
	{ echo 'no moto: the tests with Amazon would not run; PINTLE_SKIP=moto leaves them out' >&2; exit 1; } ;; esac

check: fmt clippy test ## What has to pass before a change is merged

fmt: ## Check the format
	$(CARGO) fmt --check

clippy: ## Check the lints
	$(CARGO) clippy --all-targets -- -D warnings

bench: build ## Measure; beside helm and helmfile where they are installed
	$(CARGO) bench
	@for bench in compare dependencies cluster fleet; do \
	echo "benches/$$bench.sh"; \
	PINTLE=$(or $(CARGO_TARGET_DIR),target)/release/pintle HELM=$(HELM) HELMFILE=$(HELMFILE) benches/$$bench.sh || exit 1; done

diff-helm: build ## Compare one chart's render with helm's: make diff-helm CHART=path [VALUES=file]
	@test -n "$(CHART)" || { echo 'say which chart: make diff-helm CHART=path' >&2; exit 2; }
	@command -v $(HELM) >/dev/null || { echo '$(HELM) is not installed' >&2; exit 2; }
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	arguments="template release $(CHART) $(if $(VALUES),-f $(VALUES)) --include-crds"; \
	$(HELM) $$arguments >"$$folder/helm" 2>"$$folder/helm.errors"; a=$$?; \
	$(or $(CARGO_TARGET_DIR),target)/release/pintle helm $$arguments >"$$folder/pintle" 2>"$$folder/pintle.errors"; b=$$?; \
	diff -u "$$folder/helm.errors" "$$folder/pintle.errors" && diff -u "$$folder/helm" "$$folder/pintle" && \
	test $$a = $$b && echo "the same: $$(wc -c <"$$folder/helm") bytes, exit $$a"
