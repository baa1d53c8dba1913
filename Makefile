# The two commands of README: `make demo` and `make test`; `make quick` leaves the slow tests out. Each sets up what it
# needs in $(VENV).
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Tests run in so many processes of one thread each: two that both use two threads are slower than one alone.
WORKERS ?= 2
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal --durations 10

# Wrong inputs that `make fuzz` gives to the commands, and the seed of the first; for each ten a store or an import is
# damaged and a command killed.
FUZZ ?= 5000
SEED ?= $(shell date +%s)

.PHONY: demo test quick check fuzz setup clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $(READY)

demo: $(READY)
	$(BIN)/xadapt run recipes/quickstart.yaml --data bundled --store demo --to demo/report

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test: check
	$(PYTEST) -m ""

quick: check
	$(PYTEST)

fuzz: $(READY)
	XADAPT_FUZZ=$(FUZZ) XADAPT_FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -m "" -s tests/reliability/test_wrong_inputs.py -k many
	XADAPT_FUZZ=$$(($(FUZZ) / 10)) XADAPT_FUZZ_SEED=$(SEED) OMP_NUM_THREADS=1 \
	  $(BIN)/python -m pytest -m "" -s tests/reliability --ignore tests/reliability/test_wrong_inputs.py

clean:
	rm -rf $(VENV) demo
