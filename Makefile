# The house's one interface: `make` lists what there is. Everything is installed into this folder.

SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
EMULATOR := .local-cloud/venv
PORT := $(or $(PAWLEDGER_LOCAL_PORT),4566)
ENVIRONMENT ?= production
CHECKED := benchmarks functions infra layers/pawledger/python local_cloud tests

PYTHON_MINIMUM := 3.11
NODE_MINIMUM := 20
# PYTHON=... chooses an interpreter; else the first of these that works (a name on the path may be a shim that does not).
PYTHON_CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

# The CDK's JavaScript half warns of Node 20 on every run, a dozen lines each; `check-node` says it once.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

UV := $(BIN)/python -m uv
UV_INSTALL = $(UV) pip install --quiet --no-config --require-hashes
# Locks hold names, versions and hashes: where packages come from is for each machine to say.
UV_COMPILE = $(UV) pip compile --quiet --no-config --universal --python-version $(PYTHON_MINIMUM) --generate-hashes \
	--no-annotate --no-header --no-emit-index-url

# With an endpoint exported, as `.local-cloud/environment` does, moto would let requests through to it.
PYTEST := env -u AWS_ENDPOINT_URL -u AWS_PROFILE $(BIN)/pytest
# Two processes, each with whole files: fixtures of a file, such as a deployed cloud, are made once.
PARALLEL := -n 2 --dist loadfile

.PHONY: help install lint format test test-quick test-slow fuzz fuzz-files simulate bench bench-matching demo demo-stop synth deploy pins clean check-node

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: check-node $(VENV)/.installed $(EMULATOR)/.installed ## Build the virtual environments in this folder

test: install lint ## Run everything that CI runs: checks, then every test, with coverage
	$(PYTEST) $(PARALLEL) --cov --cov-report=term

test-quick: $(VENV)/.installed ## Run the tests that need neither Node nor the local cloud
	$(PYTEST) $(PARALLEL) --ignore=tests/infrastructure --ignore=tests/end_to_end

lint: $(VENV)/.installed ## Run the checks: style, format, types, import rules
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	PYTHONPATH=. $(BIN)/lint-imports

format: $(VENV)/.installed ## Format the code and apply the safe fixes
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

fuzz: $(VENV)/.installed ## Run the property tests with many more examples than `make test` does
	HYPOTHESIS_PROFILE=thorough $(PYTEST) tests/property

fuzz-files: $(VENV)/.installed ## Mutate sample bank files for SECONDS (300); a file that makes a reader fail is kept
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),300)

test-slow: $(VENV)/.benchmarks-installed ## Run the tests that take minutes, and those against other readers
	PAWLEDGER_SLOW_TESTS=1 $(PYTEST) tests/slow tests/differential

simulate: $(VENV)/.installed ## Simulate SEEDS books (1000): crashes, duplicates, reordering, stale reads
	$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),1000)

bench: $(VENV)/.benchmarks-installed $(EMULATOR)/.installed ## Measure, and print the table of budgets and peers
	$(BIN)/python -m benchmarks

bench-matching: $(VENV)/.benchmarks-installed ## Measure how payments find their invoices, and nothing else
	$(BIN)/python -m benchmarks.matching

demo: install ## Start the local cloud, deploy to it and show a billing day
	$(BIN)/python -m local_cloud demo --port $(PORT)

demo-stop: $(VENV)/.installed ## End the local cloud and remove its state
	$(BIN)/python -m local_cloud stop

synth: $(VENV)/.installed check-node ## Write the CloudFormation templates of ENVIRONMENT to cdk.out
	CDK_CONTEXT_JSON='{"environment": "$(ENVIRONMENT)"}' $(BIN)/python -m infra.app
	@ls cdk.out/*.template.json

deploy: $(VENV)/.installed node_modules/.installed ## Deploy ENVIRONMENT to the AWS account of your credentials
	node_modules/.bin/cdk deploy --all --context environment=$(ENVIRONMENT)

pins: $(VENV)/.installed ## Write the hashed locks anew from the .in files; UPGRADE=1 takes newer versions
	for name in dependencies documents; do \
		$(UV_COMPILE) $(if $(UPGRADE),--upgrade) layers/$$name/requirements.in -o layers/$$name/requirements.txt || exit 1; \
	done
	for name in bootstrap finance development local_cloud benchmarks; do \
		$(UV_COMPILE) $(if $(UPGRADE),--upgrade) requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

clean: demo-stop ## Remove everything that was installed or built here
	rm -rf $(VENV) .local-cloud node_modules cdk.out build .coverage .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache

# A virtual environment that is here already is taken as it is, if its Python will do.
$(VENV)/.python:
	@for candidate in $(BIN)/python $(PYTHON_CANDIDATES); do \
		if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			if [ "$$candidate" != $(BIN)/python ]; then \
				echo "Building $(VENV) with $$candidate"; \
				"$$candidate" -m venv --clear $(VENV) || exit 1; \
			fi; \
			touch $@; exit; \
		fi; \
	done; \
	echo "Pawledger needs Python $(PYTHON_MINIMUM) or newer with its venv module, and none of these is one:" \
		"$(PYTHON_CANDIDATES). Install one, or name it with PYTHON=/path/to/python." >&2; \
	exit 1

$(VENV)/.bootstrapped: requirements/bootstrap.txt | $(VENV)/.python
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

$(VENV)/.installed: requirements/development.txt pyproject.toml $(VENV)/.bootstrapped
	$(UV_INSTALL) --python $(BIN)/python --requirement requirements/development.txt
	$(UV) pip install --quiet --no-config --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.benchmarks-installed: requirements/benchmarks.txt $(VENV)/.installed
	$(UV_INSTALL) --python $(BIN)/python --requirement requirements/benchmarks.txt
	@touch $@

$(EMULATOR)/.installed: requirements/local_cloud.txt $(VENV)/.bootstrapped
	$(BIN)/python -m venv --clear $(EMULATOR)
	$(UV_INSTALL) --python $(EMULATOR)/bin/python --requirement requirements/local_cloud.txt
	@touch $@

node_modules/.installed: package-lock.json | check-node
	npm ci --no-audit --no-fund
	@touch $@

check-node:
	@version=$$(node --version 2>/dev/null) || { \
		echo "Pawledger's CDK app needs Node $(NODE_MINIMUM) or newer, and there is no node on the path: install it" \
			"(\`make test-quick\` does without)." >&2; exit 1; }; \
	major=$${version#v}; major=$${major%%.*}; \
	if [ "$$major" -lt $(NODE_MINIMUM) ]; then \
		echo "Pawledger's CDK app needs Node $(NODE_MINIMUM) or newer, and this is $$version: install a newer one." >&2; \
		exit 1; \
	elif [ "$$major" -lt 22 ]; then \
		echo "Node $$version works but is past its end of life; 22 or 24 is recommended."; \
	fi
