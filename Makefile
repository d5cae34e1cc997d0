# Every target sets up what it needs and then runs; a second call starts at once.
#
#   make demo     the main job on the sample: a window, or files in out/demo where there is no display
#   make test     format, style, spelling, types, docs and the test suite
#   make test-slow  the tests that train or kill processes
#   make help     the rest

SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
CODE := src reproduce tests docs scripts $(wildcard benchmarks)
PYTEST_ARGS ?=
WORKERS ?= 2

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-fast test-slow lint docs bench venv install format freeze readme clean

help: ## Say what the targets do
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1@\2/' | column -t -s '@'

demo: $(RUN_STAMP) ## Run the main job on the sample: in a window, or into out/demo without a display
	@scripts/system-packages.sh window
	@$(BIN)/napari-sciml demo --out out/demo

test: lint docs test-fast ## Run what must pass: lint, docs and the tests, but for the slow ones

# One thread for each process: two of them on two cores would be in each other's way.
test-fast: $(DEV_STAMP) ## Run the tests but for the slow ones, in parallel
	@OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} scripts/with-display.sh $(BIN)/python -m pytest -m "not slow" \
		--numprocesses $(WORKERS) --dist loadfile $(PYTEST_ARGS)

test-slow: $(DEV_STAMP) ## Run the slow tests: those that train, and those that kill processes
	@OMP_NUM_THREADS=$${OMP_NUM_THREADS:-2} scripts/with-display.sh $(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

lint: $(DEV_STAMP) ## Check format, style and types
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/codespell
	$(BIN)/mypy

docs: $(DEV_STAMP) ## Build the documentation into docs/_build/html, with its screenshots
	@scripts/system-packages.sh display
	@scripts/with-display.sh $(BIN)/python docs/make_screenshots.py
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "The documentation is in docs/_build/html/index.html"

bench: $(DEV_STAMP) ## Measure speed and memory (a few minutes)
	$(BIN)/python -m benchmarks

format: $(DEV_STAMP) ## Rewrite the code in the house format
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

readme: $(DEV_STAMP) ## Write the table and the picture of the README again
	$(BIN)/python scripts/readme_table.py
	@scripts/system-packages.sh display
	@scripts/with-display.sh $(BIN)/python docs/make_screenshots.py --readme

freeze: $(DEV_STAMP) ## Pin in constraints.txt what is installed now
	$(BIN)/python scripts/freeze.py

clean: ## Remove what the other targets made, except .venv
	rm -rf out build dist docs/_build docs/_generated .pytest_cache .ruff_cache .mypy_cache

venv: $(BIN)/python ## Create an empty .venv, for those who install a torch of their own first

install: $(DEV_STAMP) ## Install everything into .venv

$(BIN)/python:
	@scripts/system-packages.sh python $(PYTHON)
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUN_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV); the first time takes a few minutes."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
	$(BIN)/python -m pip install --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[all]'
	@touch $@

# Dependency groups need the pip that the first stamp brought.
$(DEV_STAMP): $(RUN_STAMP)
	$(BIN)/python -m pip install --constraint constraints.txt --group dev
	@touch $@
