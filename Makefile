# Two commands do all set-up: `make demo` and `make test`. Both need only Python >= 3.11, make and the package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Most tests wait, for sockets and settle times: two workers a core.
JOBS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 1))))
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q

.PHONY: help demo test lint format bench bench-storm proof reproductions kill-storm soak attack lasting busy receivers-bugs vendor-php newman openapi-lint fuzz wheel docs arrays clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 16

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "camsim needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.base: $(VENV)/.python pyproject.toml constraints.txt
	@echo "installing camsim into $(VENV) (once) ..."
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints.txt
	@echo "installing camsim with its development tools into $(VENV) (once) ..."
	$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.base

demo: $(VENV)/.base ## a working day: gateway, three devices, a receiver, every operation
	$(BIN)/camsim demo

test: $(VENV)/.dev ## every test, under four minutes on two cores
	$(PYTEST) tests

lint: $(VENV)/.dev ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## speed, as ratios measured side by side
	$(BIN)/python benchmarks/run.py

bench-storm: $(VENV)/.dev ## speed of the load driver (installs nginx from Debian's packages if it may)
	$(BIN)/python benchmarks/storm_bench.py

proof: $(VENV)/.dev ## the suite against mutants, benign variants and generated receivers, under an hour on two cores; writes docs/proof.md
	$(BIN)/python -m camsim_conformance.proof --seeds 1 --called-seeds 4 --mutants 600 --benign 1000 --keep build/proof
	CAMSIM_ALL_MUTANTS=1 $(PYTEST) tests/conformance/mutants

reproductions: $(VENV)/.dev ## run 200 printed reproductions of failures, each must show its failure again
	$(BIN)/python scripts/reproductions.py --count 200

kill-storm: $(VENV)/.dev ## 200 times kill -9 among punches, commands and control actions, nothing lost or told twice
	$(BIN)/python scripts/kill_storm.py --kills 200

soak: $(VENV)/.dev ## 5 million punches in virtual months against one state file: memory, file, stalls, restart (about an hour)
	$(BIN)/python scripts/soak.py --punches 5000000

attack: $(VENV)/.dev ## attack it as an unfriendly peer would, everything that takes long; ONLY=NAME runs one (a real browser needs chromium)
	$(BIN)/python scripts/attack $(if $(ONLY),--only $(ONLY))

lasting: $(VENV)/.dev ## certify ten times on one database, with people of its own and with --users: equal results
	$(BIN)/python scripts/lasting.py --runs 10

busy: $(VENV)/.dev ## certify with every core busy at four times its load: the verdicts of a quiet run
	$(BIN)/python scripts/busy.py

receivers-bugs: $(VENV)/.dev ## certify receivers in Flask, Node, PHP and Express with one bug each: the first sentence is the bug (root installs PHP and Express)
	$(BIN)/python scripts/first_sentences.py

vendor-php: $(VENV)/.dev ## certify the vendor's PHP demo: make vendor-php PAGE=web-api-v3.txt (root installs PHP and MariaDB)
	@test -n "$(PAGE)" || { echo "vendor-php needs the text of the vendor's v3 page: make vendor-php PAGE=path"; exit 2; }
	$(PIP) install pymysql
	$(BIN)/python scripts/vendor_php_demo.py "$(PAGE)"

newman: $(VENV)/.dev ## run the exported Postman collection with newman, twice a profile (npm installs newman; skipped without npm)
	$(BIN)/python scripts/newman.py

openapi-lint: $(VENV)/.dev ## redocly and AsyncAPI's parser over the exported documents (npm installs them; skipped without npm)
	$(BIN)/python scripts/openapi_lint.py

fuzz: $(VENV)/.dev ## 5,000 generated bad requests, v3 and v2
	CAMSIM_FUZZ=5000 $(PYTEST) tests/simulator -k 'bad_requests or v2_bad'

wheel: $(VENV)/.dev ## build the wheel
	$(BIN)/python -m build --wheel --no-isolation

docs: $(VENV)/.dev ## make anew what is made from code: docs/requirements.md, docs/anomalies.md, docs/observed.md, docs/certify.md, docs/statements.md, the scenario schema
	$(BIN)/python -m camsim_conformance.requirements.page
	$(BIN)/python scripts/make_anomalies_page.py
	$(BIN)/python scripts/make_observed_page.py
	$(BIN)/python scripts/make_certify_page.py
	$(BIN)/python scripts/make_scenario_schema.py
	$(BIN)/python scripts/make_statements_page.py

arrays: $(VENV)/.dev ## make the covering arrays of the suite anew (minutes; only when a factor changes)
	$(PIP) install covertable==3.2.0
	$(BIN)/python scripts/make_arrays.py

clean: ## remove everything that was made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
