.DEFAULT_GOAL := help
.PHONY: help run migrate generate revision test fuzz check lint format lock clean

PYTHON ?= python3
BIN := .venv/bin
LINTERS := $(if $(shell command -v npm),lint/node_modules/.package-lock.json)

##@ Serve
run: .venv/run  ## Serve on http://127.0.0.1:8000, with an embedded SQLite file
	$(BIN)/python -m app

migrate: .venv/run  ## Bring the tables of HEROES_DATABASE_URL to the newest revision
	$(BIN)/python -m app migrate

##@ Change
generate: .venv/dev  ## Write generated/ from openapi.yaml
	$(BIN)/python -m codegen openapi.yaml --output generated

revision: .venv/dev  ## Draft a migration from what changed in app/tables.py: MESSAGE="Add a team"
	$(BIN)/alembic revision --autogenerate --message "$(MESSAGE)"

format: .venv/dev  ## Format the code
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

##@ Prove
test: .venv/dev  ## Run all tests, a minute of fuzzing included
	$(BIN)/pytest

fuzz: .venv/dev  ## Fuzz the running service: FUZZ_SECONDS=570 (180 or more), FUZZ_SEED=1
	$(BIN)/python -m tests.fuzz --seconds $(or $(FUZZ_SECONDS),570) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

check: .venv/dev lint  ## Check without writing: format, types, freshness of generated/, contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m codegen openapi.yaml --output generated --check

lint: .venv/dev $(LINTERS)  ## Lint the contract; the linters from npm need Node
	$(BIN)/openapi-spec-validator openapi.yaml
ifdef LINTERS
	lint/node_modules/.bin/spectral lint openapi.yaml --ruleset lint/spectral.yaml --fail-severity hint --fail-on-unmatched-globs
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true lint/node_modules/.bin/redocly lint openapi.yaml --config lint/redocly.yaml --lint-config error
else
	@echo "spectral and redocly are skipped: npm is not installed"
endif

##@ Keep
lock: .venv/dev  ## Pin the newest versions of all dependencies
	$(BIN)/uv pip compile $(LOCK) pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile $(LOCK) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt

clean:  ## Remove what was installed and built; heroes.db stays
	rm -rf .venv build lint/node_modules

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade

.venv/run: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12, for example")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $<
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $<
	@touch $@

lint/node_modules/.package-lock.json: lint/package-lock.json
	npm ci --prefix lint --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
