# Everything runs in .venv, which is made on first use from the pinned, hashed requirements.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal \
	--python-version 3.11 $(ARGS)
# Processes that share the tests.
WORKERS := 2
# PYTHON=python3.13 chooses an interpreter; else the first of these that is new enough.
PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11

.PHONY: help demo stack test coverage check bench prove compile docs lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | \
		while IFS='|' read -r target text; do printf '  %-12s %s\n' "$$target" "$$text"; done

demo: $(RUNTIME) ## Run it all with simulated customers (STACK=kafka, DEMO_SECONDS=30)
	@DEMO_ENV=$${DEMO_ENV:-var/demo.env} $(BIN)/python -m patchbay demo

stack: $(RUNTIME) ## Run Kafka and Valkey until Ctrl-C (BROKERS=3)
	@$(BIN)/python -m patchbay stack $(if $(BROKERS),--brokers $(BROKERS))

test: $(DEV) ## Run the tests (ARGS="-k name"; WORKERS=0 for one by one)
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) $(ARGS)

coverage: $(DEV) ## Run the tests and measure which branches they take (var/coverage.txt)
	@mkdir -p var && rm -f .coverage .coverage.*
	@status=0; $(BIN)/python -m coverage run -m pytest --numprocesses=$(WORKERS) $(ARGS) || \
		status=$$?; \
	$(BIN)/python -m coverage combine --quiet || exit 1; \
	$(BIN)/python -m coverage report > var/coverage.txt || exit 1; \
	echo "Branch coverage, by file in var/coverage.txt:"; tail -n 1 var/coverage.txt; \
	exit $$status

check: $(DEV) ## Lint, check the format, the types and who imports whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(DEV) ## Measure on real Kafka (ARGS="--help")
	@$(BIN)/python -m tests.bench $(ARGS)

prove: $(DEV) ## Hold the engine against exact results (ARGS="--help")
	@$(BIN)/python -m tests.prove $(ARGS)

compile: $(DEV) ## Build the router's engine as machine code (needs a C compiler)
	@$(BIN)/python -m deploy.compile $(ARGS)

docs: $(DEV) ## Write the tables and examples that are made from the code
	@$(BIN)/python -m tests.deploy.page
	@$(BIN)/python -m tests.docs.write

lock: $(DEV) ## Pin the requirements (ARGS=--upgrade)
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet uv
	@$(LOCK) pyproject.toml -o requirements/runtime.txt
	@$(LOCK) pyproject.toml --group dev -o requirements/dev.txt
	@$(LOCK) pyproject.toml --group build -o requirements/build.txt

clean: ## Remove what make made, .venv too
	@rm -rf $(VENV) var .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEV): requirements/dev.txt | $(VENV)/pyvenv.cfg
	@echo "Installing the development requirements ..."
	@$(PIP) -r $<
	@touch $@ $(RUNTIME)

$(RUNTIME): requirements/runtime.txt | $(VENV)/pyvenv.cfg
	@echo "Installing the requirements ..."
	@$(PIP) -r $<
	@touch $@

$(VENV)/pyvenv.cfg:
	@for python in $(PYTHONS); do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			$$python -c 'import ensurepip, venv' 2>/dev/null || { \
				echo "$$python cannot make virtual environments." \
					"On Debian: apt-get install python3-venv" >&2; exit 1; }; \
			$$python -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
			exit 0; \
		fi; \
	done; \
	echo "Python 3.11 or later is needed. On Debian 12 or later:" \
		"apt-get install python3 python3-venv" >&2; exit 1
