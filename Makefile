# make demo: train on real digits, export, run the .onnx, print the graph.   make test: the whole test suite.
# Both make their own virtual environment in .venv on first use.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test lint types check clean

demo: .venv/demo
	$(BIN)/python examples/digits.py

test: .venv/test
	$(BIN)/python -m pytest -n auto

lint: .venv/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/lint
	$(BIN)/python -m graphkeras.tools.typecheck

check: lint types test

.venv/bin/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip

# One stamp per set of dependencies, renewed when pyproject.toml changes.
.venv/demo: .venv/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[examples]'
	touch $@

.venv/test: .venv/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[test]'
	touch $@

.venv/lint: .venv/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[test,lint]'
	touch $@

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
