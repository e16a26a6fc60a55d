# TaskBridge: every job a person does here. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# With it set every Airflow process compiles its modules anew and starts twice as slowly.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
PY := $(VENV)/bin/python
RUN_READY := $(VENV)/.taskbridge-run
DEV_READY := $(VENV)/.taskbridge-dev
LOWEST := .venv-lowest
LOWEST_READY := $(LOWEST)/.taskbridge-lowest
LOWEST_PYTHON ?= $(PY)
POSTGRES ?= $(wildcard /usr/lib/postgresql/*/bin /usr/pgsql-*/bin)
PYTEST_ARGS ?=
WORKERS ?= 2
QUICK := tests/core tests/scenarios tests/engine/test_steady_state.py
SEEDS ?= 200
STEPS ?= 50
FUZZ_ARGS ?=
BENCH_ARGS ?=
CODE := $(wildcard plugins sandbox stack bench dags tests)
TYPED := $(wildcard plugins/taskbridge plugins/taskbridge_plugin.py sandbox stack bench dags)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(RUN_READY): requirements.txt pyproject.toml stack/bootstrap.sh stack/uv.txt
	@sh stack/bootstrap.sh requirements.txt $@

$(DEV_READY): requirements-dev.txt pyproject.toml stack/bootstrap.sh stack/uv.txt
	@sh stack/bootstrap.sh requirements-dev.txt $@

.PHONY: demo
demo: $(RUN_READY) ## See the sync work: real Airflow, two simulated systems, a table of what happened
	@exec $(PY) -m stack demo

.PHONY: up
up: $(RUN_READY) ## Start the stack and leave it running; prints URL and credentials
	@exec $(PY) -m stack up --detach

.PHONY: down
down: $(RUN_READY) ## Stop the stack; its data stay in .taskbridge
	@exec $(PY) -m stack down

.PHONY: status
status: $(RUN_READY) ## Show the services of the stack: pid, port, memory, since when
	@exec $(PY) -m stack status

.PHONY: migrate
migrate: $(RUN_READY) ## Bring the project's database to the schema of this code
	@exec $(PY) -m stack migrate

.PHONY: doctor
doctor: $(RUN_READY) ## Check what a run needs: logins, rights, fields, users, clocks, database
	@exec $(PY) -m stack doctor

# Coverage counts core and engine in the tests that are about them: other tests are not traced (tests/conftest.py).
.PHONY: test
test: $(DEV_READY) ## Run every test on two cores; PYTEST_ARGS="-k due_date" runs some, on one, without coverage
	@exec $(PY) -m pytest $(or $(PYTEST_ARGS),-n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term)

.PHONY: test-quick
test-quick: $(DEV_READY) ## Run the core, the scenarios and the everyday tests of the engine, for while one is at work
	@exec $(PY) -m pytest -n $(WORKERS) --dist worksteal $(QUICK)

# Tools of the tests are the newest that fit; what pyproject.toml names is the oldest that it allows.
$(LOWEST_READY): $(DEV_READY) requirements-test.in
	@rm -rf $(LOWEST)
	@$(PY) -m uv venv --quiet --python $(LOWEST_PYTHON) $(LOWEST)
	@$(PY) -m uv pip compile --quiet --resolution lowest-direct --only-binary :all: --python $(LOWEST)/bin/python pyproject.toml -o $(LOWEST)/lowest.txt
	@$(PY) -m uv pip install --quiet --python $(LOWEST)/bin/python -r $(LOWEST)/lowest.txt -r requirements-test.in
	@$(PY) -m uv pip install --quiet --python $(LOWEST)/bin/python --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: test-lowest
test-lowest: $(LOWEST_READY) ## Run core, contract and DAGs on the oldest packages that pyproject.toml allows; LOWEST_PYTHON=python3.13
	@exec $(LOWEST)/bin/python -m pytest -n $(WORKERS) --dist loadfile $(or $(PYTEST_ARGS),tests/core tests/contract tests/dags)

.PHONY: test-postgres
test-postgres: $(DEV_READY) ## Run statements, engine and migrations on PostgreSQL of your own; POSTGRES=/path/to/bin
	@test -n "$(POSTGRES)" || { echo "No PostgreSQL found: name the folder of its programs, POSTGRES=/path/to/bin" >&2; exit 1; }
	@for programs in $(POSTGRES); do \
		"$$programs/postgres" --version || exit 1; \
		TASKBRIDGE_TEST_POSTGRES=$$programs $(PY) -m pytest -n $(WORKERS) --dist loadfile $(or $(PYTEST_ARGS),tests/sql tests/engine) || exit 1; \
	done

.PHONY: test-browser
test-browser: $(DEV_READY) ## Drive the pages in Airflow's UI with a Chromium; pictures in .taskbridge/screenshots
	@$(PY) -m tests.browser.chromium >/dev/null
	@exec $(PY) -m pytest $(or $(PYTEST_ARGS),tests/browser)

.PHONY: test-celery
test-celery: $(DEV_READY) ## Kill workers, broker and database under runs on two Celery workers
	@exec $(PY) -m pytest $(or $(PYTEST_ARGS),tests/celery)

.PHONY: soak
soak: $(DEV_READY) ## Random edits, faults and killed workers under a real scheduler; MINUTES=30
	@PYTHONPATH=plugins:. exec $(PY) -m tests.celery.soak --minutes $(or $(MINUTES),30)

.PHONY: test-compose
test-compose: $(DEV_READY) ## Start what docker-compose.yaml describes as processes of this machine, and sync in it
	@exec $(PY) -m pytest $(or $(PYTEST_ARGS),tests/compose)

.PHONY: fuzz
fuzz: $(DEV_READY) ## Play long random stories; SEEDS=200 STEPS=50, FUZZ_ARGS="--processes 1"
	@PYTHONPATH=plugins:. exec $(PY) -m tests.machine.fuzz --seeds $(SEEDS) --steps $(STEPS) $(FUZZ_ARGS)

.PHONY: mutants
mutants: $(DEV_READY) ## Plant faults in core and engine, one at a time, and see that a test notices each
	@exec $(PY) -m tests.mutants

.PHONY: lint
lint: $(DEV_READY) ## ruff, mypy, docker-compose.yaml
	@$(PY) -m ruff check $(CODE)
	@$(PY) -m ruff format --check $(CODE)
	@$(MAKE) lint-types lint-compose

.PHONY: lint-types
lint-types: $(DEV_READY)
	@$(PY) -m mypy $(TYPED)

.PHONY: lint-compose
lint-compose: $(DEV_READY)
	@$(PY) -m check_jsonschema --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(PY) -m stack.compose_check docker-compose.yaml

.PHONY: format
format: $(DEV_READY) ## Let ruff repair and format the code
	@$(PY) -m ruff check --fix $(CODE)
	@$(PY) -m ruff format $(CODE)

.PHONY: documents
documents: $(DEV_READY) ## Write anew the documents that are made from the code
	@PYTHONPATH=plugins:. $(PY) -m tests.project.write_documents

.PHONY: bench
bench: $(DEV_READY) ## Run the benchmarks into bench/results.json (BENCH_ARGS=--full: also what takes long)
	@exec $(PY) -m bench $(BENCH_ARGS)

.PHONY: bench-quick
bench-quick: $(DEV_READY) ## Run them on few rows, in some minutes, for while one is at work
	@mkdir -p .taskbridge
	@exec $(PY) -m bench --only staging sizes calls first_imports cycles imports reconcile --rows 50000 --links 100000 --tasks 5000 --pairs 10000 100000 --rounds 2 --repeats 2 --output .taskbridge/bench.json

# --upgrade is left to the person: make lock LOCK_ARGS=--upgrade
.PHONY: lock
lock: $(RUN_READY) ## Lock requirements*.in for Python 3.11 to 3.13, with hashes
	@$(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(LOCK_ARGS) requirements.in -o requirements.txt
	@$(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(LOCK_ARGS) -c requirements.txt requirements-celery.in -o requirements-celery.txt
	@$(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(LOCK_ARGS) -c requirements-celery.txt requirements-dev.in -o requirements-dev.txt

.PHONY: vendor
vendor: ## Fetch from npm what the pages and their tests bring along (VENDOR.txt)
	@exec sh stack/vendor.sh plugins/taskbridge/web/static/vendor/VENDOR.txt tests/browser/vendor/VENDOR.txt

.PHONY: clean
clean: ## Remove .venv and .venv-lowest, the stack's data and all caches
	@if [ -x $(PY) ] && [ -d .taskbridge ]; then $(PY) -m stack clean; fi
	rm -rf .venv .venv-lowest .taskbridge .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage build dist
