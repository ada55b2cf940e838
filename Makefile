# Every target is one command of `python -m sandbox` or `python -m commands`, or one check; `make help` lists them.
STACK ?= dev
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SANDBOX := $(BIN)/python -m sandbox
COMMANDS := $(BIN)/python -m commands

.DEFAULT_GOAL := help
.PHONY: help setup up preview refresh destroy smoke status down clean shell capacity compare bench test test-unit lint format docs

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed  ## Make the virtual environment with the pinned packages

$(VENV)/.installed: requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@echo "Installing the pinned Python packages into $(VENV) (about two minutes the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

up: setup  ## Set everything up, preview and deploy STACK (default dev) onto this machine
	@$(SANDBOX) up $(STACK)

preview: setup  ## Show what `make up` would change in STACK
	@$(SANDBOX) preview $(STACK)

refresh: setup  ## Bring STACK's state in line with what really exists
	@$(SANDBOX) refresh $(STACK)

destroy: setup  ## Remove all that STACK has made, except protected buckets
	@$(SANDBOX) destroy $(STACK)

smoke: setup  ## Send a metric through a real Mimir on what STACK has made
	@$(SANDBOX) smoke $(STACK)

status: setup  ## Show the services of the sandbox
	@$(SANDBOX) status

shell: setup  ## Open a shell in which plain `pulumi` and `helm` work on the sandbox
	@$(SANDBOX) shell $(STACK)

down: setup  ## Stop the sandbox; its data stays
	@$(SANDBOX) down

clean: setup  ## Stop the sandbox and remove its state and data
	@$(SANDBOX) down --wipe

capacity: setup  ## Show what STACK asks for and whether it fits; write capacity-STACK.md and .svg
	@$(COMMANDS) capacity $(STACK) --markdown capacity-$(STACK).md --picture capacity-$(STACK).svg

# The stand-in charts and the sandbox's helm, unless others are named: make compare TEMPO_CHART=… MIMIR_CHART=… HELM=…
CHARTS := sandbox/charts
HELM ?= $(shell $(BIN)/python -c 'from rich.console import Console; from sandbox.toolchain import Toolchain; \
	tools = Toolchain(console=Console(stderr=True)); tools.ensure(["helm"]); print(tools.path("helm"))')
TEMPO_CHART ?= $(CHARTS)/tempo $(CHARTS)/tempo-distributed
MIMIR_CHART ?= $(CHARTS)/mimir-distributed

compare: setup  ## Hold what STACK's rendered charts ask for against the report
	@$(COMMANDS) compare $(STACK) --helm "$(HELM)" $(addprefix --tempo-chart ,$(TEMPO_CHART)) --mimir-chart $(MIMIR_CHART)

bench: setup  ## Measure the speed goals and write docs/performance.md
	@$(SANDBOX) bench

# Each of the workers has a world of its own; a file's tests share it.
test: lint  ## Run every check and every test
	@$(BIN)/python -m pytest -n 3 --dist loadfile

test-unit: setup  ## Run only the tests that need no engine (seconds)
	@$(BIN)/python -m pytest tests/unit

lint: setup  ## Check style, formatting and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy

format: setup  ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

docs: setup  ## Write anew the pages of docs/ that are made from the code
	@$(BIN)/python -m docs.make_settings
	@$(COMMANDS) capacity prod --markdown docs/capacity-prod.md --picture docs/capacity-prod.svg >/dev/null
