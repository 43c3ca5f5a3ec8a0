# One door to everything. `make` alone lists the commands.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
LOCK   := requirements.lock
DOCS_VENV  := .venv-docs
DOCS_STAMP := $(DOCS_VENV)/.ready
JUDGES_VENV  := .venv-judges
JUDGES_STAMP := $(JUDGES_VENV)/.ready
MINUTES ?= 30
MEMBERS := source-amocrm destination-unisender sandbox orchestrator

# Every command starts many processes; compiled once, each starts in half the time.
unexport PYTHONDONTWRITEBYTECODE
LOCK_ARGS ?= --upgrade
# Tests that hold papers, versions, frozen specifications and generated code together; they need no server.
FURNITURE := source-amocrm/unit_tests/test_furniture.py destination-unisender/unit_tests/test_furniture.py \
	integration_tests/test_bundle_manifest.py integration_tests/test_docs_paths.py integration_tests/test_release.py \
	orchestrator/tests/integration/test_grpc.py::test_the_generated_code_is_what_the_proto_file_makes

.DEFAULT_GOAL := help
.PHONY: help setup demo screenshots test images-test check docs fuzz bench soak scaling lock release-check secrets format clean

help: ## list these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment with pinned dependencies; commands land in .venv/bin

$(STAMP): $(LOCK) $(MEMBERS:%=%/pyproject.toml)
	@PYTHON="$(PYTHON)" sh .ci/setup.sh $(VENV) $(LOCK) $(MEMBERS)
	@touch $@

demo: setup ## 5,000 contacts from amoCRM to Unisender, on this machine; KEEP=1: by your own hand in a browser
	@$(BIN)/sandbox demo $(if $(KEEP),--keep $(KEEP:1=empty)) $(DEMO_ARGS)

test: setup ## unit and integration tests; installs the Debian packages it needs
	@sh .ci/test.sh $(VENV) $(TEST_ARGS)

check: setup ## ruff, mypy --strict, import contracts, the connectors' metadata
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/release metadata

images-test: setup ## build every image and let it prove itself, through compose too; needs a container engine
	@sh .ci/images.sh $(VENV) $(TEST_ARGS)

docs: setup $(DOCS_STAMP) ## make the documentation site in .site/html; broken links, missing anchors and orphan pages are errors
	@$(BIN)/python -m docs.site write .site/source
	@NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict
	@$(BIN)/python -m docs.site look .site/html

$(DOCS_STAMP): docs/requirements.lock
	@PYTHON="$(PYTHON)" sh .ci/setup.sh $(DOCS_VENV) docs/requirements.lock
	@touch $@

fuzz: setup $(JUDGES_STAMP) ## strangers' tools judge both APIs, webhooks, configuration and vendor answers; FUZZ_TIMES=10: ten times as long
	@$(BIN)/python -m pytest -n 2 --dist loadfile --timeout 1800 fuzz $(FUZZ_ARGS)

$(JUDGES_STAMP): fuzz/requirements.lock
	@PYTHON="$(PYTHON)" sh .ci/setup.sh $(JUDGES_VENV) fuzz/requirements.lock
	@touch $@

bench: setup ## measure connectors and service beside bare loops; writes docs/benchmarks.md
	@PYTHONPATH=integration_tests/processes $(BIN)/python -m benchmarks $(BENCH_ARGS)

soak: setup ## half an hour of everything with faults on: what grows, what stays behind; MINUTES=3; writes docs/soak.md
	@PYTHONPATH=integration_tests/processes $(BIN)/python -m benchmarks.soak --minutes $(MINUTES) --output docs/soak.md $(SOAK_ARGS)

screenshots: setup ## the README's pictures, taken from a running demo by Debian's Chromium
	@PYTHONPATH=integration_tests/processes $(BIN)/python .ci/screenshots.py docs/screens

scaling: setup ## docs/scaling.md from measured unit costs and the simulation; MEASURE=1 measures them first
	@PYTHONPATH=integration_tests/processes $(BIN)/python -m benchmarks.scale $(if $(MEASURE),--measure)

format: setup ## let ruff format and mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: setup ## pin the newest versions again; LOCK_ARGS= keeps those that are pinned
	@$(BIN)/python .ci/release lock $(LOCK_ARGS)

release-check: check docs ## what is in the way of giving out a version (docs/releasing.md)
	@$(BIN)/python .ci/release check
	@$(BIN)/python -m pytest -q -n 0 $(FURNITURE)

secrets: ## what docker-compose.yaml mounts: a configuration and fresh secrets, in deploy/compose/config
	@sh deploy/compose/secrets.sh

clean: ## remove the virtual environments and everything the commands made
	rm -rf .venv .venv-* .demo .bench .sbom .browser .site .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
