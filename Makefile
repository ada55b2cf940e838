# Every target is one command of `python -m sandbox` or `python -m telemetry`, or one check; `make help` lists them.
STACK ?= dev
# Where a stack's commands act: on this machine's sandbox or, with ON=cluster, wherever plain pulumi and helm would.
ON ?= sandbox
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SANDBOX := $(BIN)/python -m sandbox
COMMANDS := $(BIN)/python -m telemetry
EXPLAIN := $(BIN)/python -m telemetry explain
# Bytecode is kept, whatever the user's shell says: each command, and each of the workers that test, would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

# $(call engine,up) is a step of STACK's life, $(call command,report) a command on it; ARGS are further options, unless
# a second argument says that they are somebody else's.
ifeq ($(ON),sandbox)
engine = $(SANDBOX) $(1) $(STACK)
command = $(SANDBOX) exec $(STACK) -- $(COMMANDS) $(1) $(STACK) $(if $(2),,$(ARGS))
explained = $(1)
else ifeq ($(ON),cluster)
engine = pulumi $(1) --stack $(STACK) $(2) $(ARGS)
command = $(COMMANDS) $(1) $(STACK) $(if $(2),,$(ARGS))
# A failed `up` says only that time was up. (Not by the shell: it would keep a runner's SIGTERM to itself.)
explained = $(EXPLAIN) $(STACK) -- $(1)
else
$(error ON=$(ON) is neither sandbox nor cluster)
endif

.DEFAULT_GOAL := help
.PHONY: help setup init up preview refresh destroy smoke validate checklist report policies drift explain repair adopt export-state restore-state \
	images bundle bundle-lock verify-bundle deploy status down clean shell capacity size compare bench load faults continuity soak usage test test-all test-unit lint lint-workflows format docs credentials \
	comment issue

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.installed  ## Make the virtual environment with the pinned packages

$(VENV)/.installed: requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@echo "Installing the pinned Python packages into $(VENV) (about a minute the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@# Of the thousands of modules of the providers' SDKs few are ever imported; these are compiled then.
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements-dev.txt -c constraints.txt
	@touch $@

# A new stack is for a cluster of your own, so there is no ON; in `make shell` it is one for the sandbox.
init: setup  ## Ask what a new STACK has to be told, write its file, set its secrets, and preview it
	@$(COMMANDS) init $(STACK) $(ARGS)

up: setup  ## Set everything up, preview and deploy STACK (default dev) onto this machine (NODES=real: pods run; ON=cluster: where it belongs)
	@$(call explained,$(call engine,up))

preview: setup  ## Show what `make up` would change in STACK
	@$(call engine,preview,--diff)

refresh: setup  ## Bring STACK's state in line with what really exists
	@$(call engine,refresh)

destroy: setup  ## Remove all that STACK has made, except protected buckets
	@$(call engine,destroy,--exclude-protected)

# In the sandbox there is one way to see that a stack works, with or without real nodes.
smoke: setup  ## Send a metric and a span through STACK and read both back (in the sandbox: make validate)
ifeq ($(ON),sandbox)
	@$(SANDBOX) validate $(STACK)
else
	@$(call command,smoke)
endif

# In the sandbox pods do not run: it starts a real Mimir on what STACK has made, and says that Tempo is skipped.
validate: setup  ## Send and find samples and spans as every tenant of STACK; hold limits, ring and datasources to the plan
ifeq ($(ON),sandbox)
	@$(SANDBOX) validate $(STACK) $(ARGS)
else
	@$(call command,validate)
endif

checklist: setup  ## Tick what can be seen of STACK's operational checklist, and say how the rest is done by hand
	@$(call command,checklist)

# Changes are no failure; destructive ones (3) are, until ARGS=--allow. Called by itself, the command tells them apart.
report: setup  ## Show what `make up` would do to each object of STACK
	@$(call command,report) || test $$? -eq 2

policies: setup  ## Hold what `make up` would leave behind of STACK against the policies
	@$(call command,policies)

drift: setup  ## Compare what STACK's releases and resources are with what they should be
	@$(call command,drift)

explain: setup  ## Say which workloads of STACK are not ready, and why
	@$(call command,explain)

repair: setup  ## Find what a killed or failed run has left of STACK, and mend it if you say so
	@$(call command,repair)

adopt: setup  ## Find what exists and STACK's state does not know, and take it in if you say so
	@$(call command,adopt)

export-state: setup  ## Write a copy of STACK's state to STATE_EXPORTS
	@$(call command,export-state)

restore-state: setup  ## Put a copy in place of STACK's state: ARGS=COPY; without, show which copies there are
	@$(call command,restore-state)

images: setup  ## Show the images of STACK's pods; ARGS=--pin asks the registries for digests, and prints the settings
	@$(call command,images)

BUNDLE ?= bundle-$(STACK)

bundle: setup  ## Put all that STACK needs where no internet is into BUNDLE, a folder or a .tar.gz
	@$(call command,bundle,alone) --output $(BUNDLE) $(ARGS)

bundle-lock: setup  ## Add the charts of STACK that are not locked yet to charts.lock.yaml
	@$(call command,bundle-lock)

verify-bundle: setup  ## Hold every byte of BUNDLE against its manifest
	@$(COMMANDS) verify-bundle $(BUNDLE) $(ARGS)

status: setup  ## Show the services of the sandbox
	@$(SANDBOX) status

shell: setup  ## Open a shell in which plain `pulumi` and `helm` work on the sandbox
	@$(SANDBOX) shell $(STACK)

down: setup  ## Stop the sandbox; its data stays
	@$(SANDBOX) down

clean: setup  ## Stop the sandbox and remove its state and data
	@$(SANDBOX) down --wipe

# Sizes that are too little (2) are said, and are no failure here; called by itself, the command tells them apart.
size: setup  ## Show what STACK's load (telemetry:load, or ARGS="--load FILE") asks of its sizes; ARGS=--write writes them
	@$(COMMANDS) size $(STACK) $(ARGS) || test $$? -eq 2

capacity: setup  ## Show what STACK asks for and whether it fits; write capacity-STACK.md and .svg
	@$(COMMANDS) capacity $(STACK) --markdown capacity-$(STACK).md --picture capacity-$(STACK).svg

# The stand-in charts and the sandbox's helm, unless others are named: make compare TEMPO_CHART=… MIMIR_CHART=… HELM=…
CHARTS := sandbox/charts
HELM ?= $(shell $(SANDBOX) tool helm)
TEMPO_CHART ?= $(CHARTS)/tempo $(CHARTS)/tempo-distributed
MIMIR_CHART ?= $(CHARTS)/mimir-distributed
LOKI_CHART ?= $(CHARTS)/loki
PYROSCOPE_CHART ?= $(CHARTS)/pyroscope
ALLOY_CHART ?= $(CHARTS)/alloy
OTHER_CHARTS ?= $(addprefix $(CHARTS)/,prometheus thanos alertmanager)

compare: setup  ## Hold what STACK's rendered charts ask for against the report
	@$(COMMANDS) compare $(STACK) --helm "$(HELM)" $(addprefix --tempo-chart ,$(TEMPO_CHART)) --mimir-chart $(MIMIR_CHART) \
		--loki-chart $(LOKI_CHART) --pyroscope-chart $(PYROSCOPE_CHART) --alloy-chart $(ALLOY_CHART) \
		$(addprefix --chart ,$(OTHER_CHARTS)) $(ARGS)

bench: setup  ## Measure the speed goals and write docs/performance.md
	@$(SANDBOX) bench

faults: setup  ## Inject every fault, prove that nothing is lost, and write docs/reliability.md
	@$(SANDBOX) faults $(ARGS)

load: setup  ## Send more and more through a gateway to a real Mimir or Thanos, find how much is carried, and write docs/load.md
	@$(SANDBOX) load $(ARGS)

continuity: setup  ## Write steadily to STACK on real nodes while it changes and is hurt; write docs/reliability.md
	@$(SANDBOX) continuity $(STACK) $(ARGS)

soak: setup  ## Write to STACK on real nodes for half an hour under faults at random; see what is lost and what memory does
	@$(SANDBOX) soak $(STACK) $(ARGS)

usage: setup  ## Measure what each role of STACK on real nodes uses, and write docs/capacity.md
	@$(SANDBOX) usage $(STACK)

# Each of the workers has a world of its own; a file's tests share it. Files in their order: the quick ones fill up the end.
# Four also on two cores, for much of their time they wait: the provider alone takes ten seconds for each Service to settle.
PYTEST := $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

test: lint  ## Run every check and every test, but for the long ones of the night
	@$(PYTEST) -m "not nightly"

test-all: lint  ## Run what `make test` leaves out as well, and inject every fault
	@$(PYTEST)
	@$(MAKE) --no-print-directory faults

test-unit: setup  ## Run only the tests that need no engine (seconds)
	@$(BIN)/python -m pytest tests/unit

lint: setup  ## Check style, formatting, types and the direction of imports
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache >$(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }

lint-workflows: setup  ## Check the pipeline's workflows with actionlint
	@$$($(SANDBOX) tool actionlint)

format: setup  ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

docs: setup  ## Write anew the pages of docs/ that are made from the code
	@$(BIN)/python -m docs.make_settings
	@$(BIN)/python -m docs.make_network
	@$(BIN)/python -m docs.make_schema
	@$(BIN)/python -m docs.make_stack_schema
	@$(BIN)/python -m docs.make_policies
	@$(BIN)/python -m docs.make_architecture
	@$(BIN)/python -m docs.make_monitoring
	@$(COMMANDS) capacity prod --markdown docs/capacity-prod.md --picture docs/capacity-prod.svg >/dev/null
	@$(COMMANDS) size prod --load examples/load-prod.yaml --markdown docs/sizing-prod.md >/dev/null || test $$? -eq 2

# What the pipeline does; .github/workflows holds no logic, so that all of it can be run and tested here.
STACKS := dev test prod

# On a cluster there is no such place until somebody names one: an `up` without a way back does not begin.
ifeq ($(ON),sandbox)
export STATE_EXPORTS ?= .sandbox/state-exports
endif

deploy: setup  ## For the pipeline: export STACK's state, deploy it without asking, then prove that it works and validate it
	@$(call command,export-state,alone)
	@$(call explained,$(call engine,up,--yes --non-interactive))
ifeq ($(ON),cluster)
	@$(MAKE) --no-print-directory smoke
endif
	@$(MAKE) --no-print-directory validate ARGS=--allow-skipped

credentials: setup  ## For the pipeline: put its secrets into files that only this user can read
	@$(COMMANDS) credentials

comment: setup  ## For the pipeline: put the stacks' reports into one comment of PULL_REQUEST
	@$(COMMANDS) comment $(PULL_REQUEST) $(STACKS:%=reports/report-%.md)

issue: setup  ## For the pipeline: put the stacks' drift into one issue, or close it
	@$(COMMANDS) issue $(STACKS:%=reports/drift-%.md)
