# soxauto_assets: 'make help' lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 3000
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install install-aws demo test test-aws test-months test-trino test-browser effectiveness ui check \
	format lock clean-state bench bench-aws bench-checks bench-reconciliation bench-engines bench-evidence

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

install: $(STAMP) ## Create .venv and install the pinned packages

$(STAMP): pyproject.toml setup.cfg constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# The local AWS pins its own botocore, so it lives in an environment of its own.
install-aws: install $(VENV)-aws/.installed

$(VENV)-aws/.installed: Makefile
	$(PYTHON) -m venv $(VENV)-aws
	$(VENV)-aws/bin/pip install --quiet ministack==1.5.33 cryptography
	@touch $@

demo: install ## Generate the demo lake and close one month on it (no AWS)
	$(BIN)/soxauto demo

test: install ## Run the tests, on all cores
	$(BIN)/pytest -n auto --dist loadfile

test-aws: install-aws ## Run the tests of the AWS path against a local endpoint
	$(BIN)/pytest -m aws

test-months: install ## Close every item for every month of the demo lake and look for every answer
	SOXAUTO_TEST_MONTHS=all $(BIN)/pytest soxauto_assets_tests/demo/test_answers.py

test-trino: install-aws ## Run every query on a real Trino too; a cluster of two nodes is started unless TRINO_URL names one
	$(if $(TRINO_URL),,$(BIN)/python -m soxauto_assets_tests.trino.server --workers 1 --) $(BIN)/pytest -m trino

test-browser: install ## Look at the web interface with Debian's Chromium
	$(BIN)/pytest -m browser

effectiveness: install ## Seed known faults into every item's landed rows: all must be caught (WRITE=1: docs/effectiveness.md)
	$(if $(WRITE),$(BIN)/python -m soxauto_assets_tests.effectiveness --write,$(BIN)/pytest -m effectiveness)

ui: install ## Open Dagster's web interface (PORT=3000)
	$(BIN)/soxauto ui --port $(PORT)

check: install ## Lint, types, definitions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/dagster definitions validate
	$(BIN)/dg check defs

format: install ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## Time and peak memory of a close at 1 million ledger rows
	$(BIN)/python benchmarks/close.py

bench-engines: install ## The month's extracts on DuckDB, Trino with one node, Trino with two (SCALES="86 430", RUNS=3)
	PYTHONPATH=. $(BIN)/python benchmarks/engines.py $(if $(SCALES),--scales $(SCALES)) $(if $(RUNS),--runs $(RUNS))

bench-aws: install-aws ## Peak memory of the client at 1 and 5 million unloaded rows
	PYTHONPATH=. $(BIN)/python benchmarks/athena_client.py

# Great Expectations pins packages of its own and is no part of the product.
$(VENV)-ge/.installed: Makefile
	$(PYTHON) -m venv $(VENV)-ge
	$(VENV)-ge/bin/pip install --quiet great_expectations==1.24.1 pyarrow==25.0.1
	@touch $@

bench-checks: install $(VENV)-ge/.installed ## Our checks against pandera on pandas and Great Expectations (LARGE=1: 20 million rows)
	PYTHONPATH=. $(BIN)/python benchmarks/checks.py $(if $(LARGE),--large)

bench-reconciliation: install ## The reconciliation of 1 million vouchers, order items and entries
	PYTHONPATH=. $(BIN)/python benchmarks/reconciliation.py

bench-evidence: install ## Sealing and verifying 2 million rows, beside bare reading and hashing (LARGE=1: 20 million)
	PYTHONPATH=. $(BIN)/python benchmarks/evidence.py $(if $(LARGE),--large)

lock: install ## Write what the pinned packages resolved to into constraints.txt
	$(BIN)/pip freeze --exclude-editable --exclude soxauto-assets > constraints.txt

clean-state: ## Remove .soxauto (lake, datasets, evidence, Dagster storage) after asking
	@printf 'Remove .soxauto with all sealed evidence in it? [y/N] '; read answer; \
	  if [ "$$answer" = y ]; then rm -rf .soxauto && echo removed; else echo kept; fi
