# Eight verbs. `make demo` and `make test` are all a newcomer needs; both make the virtual environment first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check docs bench fuzz live clean

demo: $(READY)
	@$(BIN)/python -m ikecli.lab.demo

test: $(READY)
	$(BIN)/pytest -n auto -m "not live"

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python -m reference

bench: $(READY)
	$(BIN)/python -m benchmarks

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED))

live: $(READY)
	$(BIN)/pytest -m live

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A virtual environment of the project's own; pip needs 25.1 for dependency groups.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("ikecli needs Python 3.11 or later; say: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "no virtual environment could be made: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check "pip>=25.1"
	@$(BIN)/pip install -q --disable-pip-version-check -e . --group dev
	@$(BIN)/python -m compileall -q ikecli
	@touch $@
