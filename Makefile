# `make help` explains itself. Needs Python 3.11+, git and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= auto
PIP = -m pip install --quiet --disable-pip-version-check
EXTRAS := .[all,bundled-model,dev]

.DEFAULT_GOAL := help
.PHONY: help install demo test test-slow test-latest lint types check lock docs schemas bench clean

help:  ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The build backend is installed first: an isolated build would fetch its newest release.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "kagura-git needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) --constraint constraints.txt hatchling editables
	$(BIN)/python $(PIP) --constraint constraints.txt --no-build-isolation --editable '$(EXTRAS)'
	@touch $@

install: $(STAMP)  ## Create .venv with everything

demo: $(STAMP)  ## Run the main job on a sample repository, offline, and print what happens
	$(BIN)/python scripts/demo.py

test: $(STAMP)  ## Run the tests, without the slow ones
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m 'not slow'

test-slow: $(STAMP)  ## Run the slow tests: many processes, large inputs, random operations
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m slow

test-latest:  ## Run the tests with the newest release of every package but torch
	$(PYTHON) -m venv --clear $(VENV)-latest
	grep '^torch==' constraints.txt > $(VENV)-latest/torch.txt
	$(VENV)-latest/bin/python $(PIP) --constraint $(VENV)-latest/torch.txt --editable '$(EXTRAS)'
	$(VENV)-latest/bin/python -m pytest -n $(WORKERS) --dist worksteal -m 'not slow'

lint: $(STAMP)  ## Check style and the walls between the floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python scripts/readme_help.py --check

types: $(STAMP)  ## Check types
	$(BIN)/mypy

check: lint types test test-slow  ## Everything that CI runs

lock: $(STAMP)  ## Write constraints.txt anew: the newest release of every package but torch
	$(BIN)/python scripts/lock.py

docs: $(STAMP)  ## Write the command table of README.md anew
	$(BIN)/python scripts/readme_help.py

schemas: $(STAMP)  ## Write schemas/ anew from the record structs
	$(BIN)/python scripts/write_schemas.py

bench: $(STAMP)  ## Print the figures that benchmarks/README.md cites
	$(BIN)/python benchmarks/hooks.py
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/mcp.py
	$(BIN)/python benchmarks/quality.py
	$(BIN)/python benchmarks/repeats.py
	$(BIN)/python benchmarks/contradictions.py
	$(BIN)/python benchmarks/review.py

clean:  ## Remove .venv and caches
	rm -rf $(VENV) $(VENV)-latest build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
