# Backbone's front door. Needs Python 3.11+ and make, nothing else: `make demo` starts from an empty machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
PYTEST := $(BIN)/python -m pytest
# Every house starts a dozen processes of the same modules: they are compiled once, whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo run stop status test lint types format bench bench-ledger bench-books contracts release rows papers mutants check-the-checker clean distclean \
	prove test-proof careers careers-run kills-run stock-histories money-histories bench-payroll bench-stock test-rules test-contracts test-chassis test-services test-stack test-flow test-faults

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

# --- the environment -------------------------------------------------------------------------------------------------

setup: $(READY) ## the Python environment in .venv: every package pinned by hash; a second run is instant
	@:

$(READY): requirements/uv.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=...)")'
	@echo "setting up $(VENV) (a few hundred megabytes the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements/dev.txt requirements/uv.txt
	@touch $@

.PHONY: kafka
kafka: $(READY)
	@$(BIN)/python -m deploy.local.kafka_archive

# --- running ---------------------------------------------------------------------------------------------------------

demo: kafka ## start everything, send a business day, show what became of it; ONCE=1 stops after the day
	@$(BIN)/python -m deploy.local.demo $(if $(ONCE),--once)

run: kafka ## start everything and stay up until Ctrl-C; addresses stand in .run/stack.json
	@$(BIN)/python -m deploy.local run

stop: ## end what `make run` or `make demo` started from this checkout
	@if test -f .run/lock; then $(BIN)/python -m deploy.local stop; fi

status: $(READY) ## what runs, and whether it is ready
	@$(BIN)/python -m deploy.local status

bench: kafka ## the bare pipeline against the real system on the same servers; writes .run/bench.json
	@$(BIN)/python -m bench

bench-ledger: $(READY) ## balanced entries through the ledger's API on one hot control account, against bare rows
	@$(BIN)/python -m bench.postings

bench-books: $(READY) ## trial balance, ageing and statements over a million orders, and whether they grow with history
	@$(BIN)/python -m bench.books

# --- checking --------------------------------------------------------------------------------------------------------
# `make test` shall take under 15 minutes on two cores and takes 12 to 20, as fast as the machine is. Times of the parts stand beside them.

WORKERS ?= 3
HOUSES := tests/local_stack tests/end_to_end tests/faults tests/proof/test_short_form.py
# Each of these starts a whole house: they run one after the other and have the machine to themselves.

test: lint kafka ## lint, types and every test, against real PostgreSQL and Kafka (12 to 20 min)
	@$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(HOUSES))
	@$(PYTEST) $(HOUSES)

lint: $(READY) ## ruff and mypy (under 1 minute)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY) ## let ruff put the source in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

test-rules: $(READY) ## the rules of the house: arrows, rooms, requirements (30 s)
	@$(PYTEST) tests/architecture

test-contracts: $(READY) ## the published language (1 min)
	@$(PYTEST) tests/contracts

test-chassis: $(READY) ## the corridor (2 min)
	@$(PYTEST) tests/chassis

test-services: $(READY) ## each department and the gateway alone (3 min)
	@$(PYTEST) tests/gateway tests/ledger tests/inventory tests/documents tests/payroll

test-stack: $(READY) ## the local stack itself (1 min)
	@$(PYTEST) tests/local_stack

test-flow: $(READY) ## orders, payments and hires through all departments (3 min)
	@$(PYTEST) tests/end_to_end

test-faults: $(READY) ## the same with processes and servers killed (3 min)
	@$(PYTEST) tests/faults

careers: $(READY) ## 1,000 random careers with back-dated pay, computed a second time in another way
	@$(BIN)/python -m tests.payroll.pay.careers 1000

careers-run: $(READY) ## the same careers through the real pay run on a database (about 10 min)
	@CAREERS=1000 $(PYTEST) tests/payroll/runs/test_careers.py

kills-run: $(READY) ## a pay run whose workers are killed ten times (2 min)
	@KILLS=10 $(PYTEST) tests/payroll/runs/test_kills.py

stock-histories: $(READY) ## 1,000 random histories of goods and their cost, against a notebook that shares no code
	@STOCK_HISTORIES=1000 $(PYTEST) --timeout=3000 tests/inventory/test_values.py -k random_histories

money-histories: $(READY) ## 1,000 random histories of what customers owe, with tax and exchange, against a notebook that shares no code
	@MONEY_HISTORIES=1000 $(PYTEST) --timeout=3000 tests/ledger/test_histories.py

bench-stock: $(READY) ## what stock is worth after a million moves, and a receipt that comes late before 20,000 others
	@$(BIN)/python -m bench.stock

bench-payroll: $(READY) ## a month of 10,000 people from calculation to the books, and 12 months of 1,000 again
	@$(BIN)/python -m bench.payroll

test-proof: $(READY) ## the proof in its short form (2 min)
	@$(PYTEST) tests/proof

prove: kafka ## break everything, check everything; CHAPTER=name runs one at full length, RESUME=1 goes on; docs/proof.md
	@$(BIN)/python -m tests.proof $(if $(CHAPTER),--chapter $(CHAPTER) --full,--normal) $(if $(RESUME),--resume) \
		$(if $(SEED),--seed $(SEED)) --write

check-the-checker: $(READY) ## how long the checker takes over a million events, and its memory
	@$(BIN)/python -m tests.proof.checker.measure

mutants: $(READY) ## spoil a copy of the system line by line: each time the proof must turn red (10 min; resumes)
	@$(BIN)/python -m tests.proof.mutants

# --- making ----------------------------------------------------------------------------------------------------------

contracts: $(READY) ## write schemas, samples and the AsyncAPI document anew from the event classes
	@$(BIN)/python -m contracts generate

release: $(READY) ## make the present schemas the ones that no change may break; refused where they break the last release
	@$(BIN)/python -m contracts release

rows: $(READY) ## write the tables of the READMEs that say which test holds which row
	@$(BIN)/python -m tests.rows

papers: $(READY) ## write the pictures of docs/papers anew: a page of each paper in each language
	@$(BIN)/python -m tests.documents.show_papers

clean: ## end everything and remove all state: .run (databases, logs, addresses, Kafka's jars) and tool caches
	@if test -d .run; then $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m deploy.local clean; fi
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## also remove the Python environment
	@rm -rf $(VENV)
