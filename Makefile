# Two commands on a machine with Python ≥ 3.11 and make: `make run` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run bench test faults fuzz check format lock axe clean

run: $(VENV)/run ## scrape, serve on http://127.0.0.1:8000 and scrape again on schedule; SAMPLE=1 without a network
	$(BIN)/craftwatch up $(if $(SAMPLE),--sample)

test: check ## everything that must hold: format, lint, types, import contracts, tests on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n auto --dist loadfile

faults: $(VENV)/dev ## what can go wrong, done on purpose: each fault, its promise, what was measured; some minutes
	$(BIN)/python -m tests.faults

fuzz: $(VENV)/dev ## ask the API what its document allows and forbids, 10,000 times on each database; REQUESTS=1000 for less
	$(BIN)/python -m tests.api.fuzz --requests $(or $(REQUESTS),10000) --database sqlite
	$(BIN)/python -m tests.api.fuzz --requests $(or $(REQUESTS),10000) --database postgresql

bench: $(VENV)/dev $(VENV)/bench/bin/datasette ## ours and others side by side; SECTION=reading, ITEMS=100000 for less
	$(BIN)/python -m tests.bench $(SECTION) $(if $(ITEMS),--items $(ITEMS))

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev ## lay the code out
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/dev ## pin the newest versions that pyproject.toml allows, with hashes and without addresses
	$(INSTALL) uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --upgrade \
		--extra build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --upgrade \
		--extra build --extra dev pyproject.toml -o requirements-dev.lock

axe: ## fetch what checks the pages for accessibility; the tests that need it are skipped without
	npm install --silent --no-save --no-package-lock --prefix $(VENV)/npm axe-core@4

clean: ## take away what the other commands made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --require-hashes -r requirements-dev.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/run

$(VENV)/bench/bin/datasette: | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("craftwatch needs Python 3.11 or later") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
