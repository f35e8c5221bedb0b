# Every command starts from a bare checkout; only Python 3.11 or newer is needed.

PORT ?= 8000
HOST ?= 127.0.0.1
# Any Python that runs can start deploy/environment.py, which looks for one that is new enough.
runs = $(filter $(1),$(shell $(1) -c 'print("$(1)")' 2>/dev/null))
PYTHON ?= $(or $(call runs,python3),$(call runs,python3.13),$(call runs,python3.12),$(call runs,python3.11),\
	$(error The register needs Python 3.11 or newer; none was found. Install it and try again))

ENVIRONMENT = $(PYTHON) deploy/environment.py
MANAGE := .venv/bin/python manage.py
# Side by side on the cores there are; a worker that has nothing left takes over tests of another.
PYTEST := .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist worksteal
# PostgreSQL, Redis, a bucket and what watches over servers need their libraries, but only where they are used.
SCALE := $(if $(or $(findstring postgres,$(DATABASE_URL)),$(CACHE_URL),$(filter json,$(LOG_FORMAT)),$(filter 1,$(METRICS)),\
	$(SENTRY_DSN),$(S3_BUCKET)),requirements-scale.txt)

.DEFAULT_GOAL := help
.PHONY: help run serve test-environment test bench lint messages screenshots

help: ## List the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: export DEBUG = 1
run: ## Start the portal for development, with an editor to log in as; PORT=8000
	@$(ENVIRONMENT) port "$(PORT)"
	@$(ENVIRONMENT) install requirements.txt $(SCALE)
	@$(MANAGE) prepare
	@exec $(MANAGE) runserver 127.0.0.1:$(PORT)

serve: export DEBUG = 0
serve: ## Start the portal under production settings; PORT, HOST, DATABASE_URL, CACHE_URL, SECRET_KEY, HTTPS
	@$(ENVIRONMENT) port "$(PORT)"
	@$(ENVIRONMENT) install requirements.txt $(SCALE)
	@export HTTPS="$${HTTPS:-0}" SECRET_KEY="$${SECRET_KEY:-$$($(ENVIRONMENT) secret-key)}" && \
	$(MANAGE) prepare && \
	$(MANAGE) collectstatic --noinput --verbosity 0 && \
	exec .venv/bin/gunicorn -c deploy/gunicorn.conf.py portal.wsgi --bind $(HOST):$(PORT)

# The tests start a PostgreSQL of their own where the machine has one.
test-environment:
	@$(ENVIRONMENT) install requirements.txt requirements-dev.txt requirements-scale.txt

test: test-environment ## Run every test that this machine can run; REQUIRE_TOOLS=1 fails where a tool is missing
	@$(PYTEST)

bench: test-environment ## Measure what pages cost at 10,000 and 100,000 records; prints, asserts nothing
	@.venv/bin/python deploy/bench.py

lint: test-environment ## Check style and that every model change has its migration
	@.venv/bin/ruff check --quiet
	@.venv/bin/ruff format --check --quiet
	@$(MANAGE) makemigrations --check --dry-run --verbosity 0

screenshots: test-environment ## Write a picture of every kind of page to screenshots/
	@$(MANAGE) prepare
	@.venv/bin/python deploy/screenshots.py

messages: test-environment ## Bring the message catalogues up to the code and compile them
	@.venv/bin/python deploy/messages.py update
	@.venv/bin/python deploy/messages.py compile
