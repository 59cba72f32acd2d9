# Thin: each line is a command a person could type. `make setup` makes .venv; everything else uses it.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH :=
export PYTHONSAFEPATH := 1
export MPLBACKEND := Agg

.PHONY: setup demo test test-frameworks test-schemas fuzz check bench generate format clean

# How long `make fuzz` runs each target, and which.
SECONDS ?= 600
TARGETS ?= all

setup: .venv/ready

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group test --group check
	touch .venv/ready

demo: export PYTHONSAFEPATH :=
demo: setup
	$(BIN)/python examples/train_digits.py

test: setup
	$(BIN)/python -m pytest -n 2 -q

# The real torch and jax, on the CPU: gigabytes, so not a part of `make test`. Installs them into .venv.
test-frameworks: setup
	$(BIN)/python -m pip install --quiet --group frameworks
	$(BIN)/python -m pytest -q tests/frameworks
test-schemas: setup
	tools/check_schemas.sh

fuzz: setup
	$(BIN)/python -m pip install --quiet atheris || echo "no atheris for this Python: the seeded loop runs instead"
	$(BIN)/python tests/fuzz/run.py $(TARGETS) --seconds $(SECONDS) --atheris

check: setup
	$(BIN)/ruff check src tests tools examples benchmarks fixtures
	$(BIN)/ruff format --check src tests tools examples benchmarks fixtures
	$(BIN)/mypy src tests tools examples benchmarks fixtures
	$(BIN)/python tools/generate.py --check

bench: setup
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/scalars.py
	$(BIN)/python benchmarks/validate_run.py
	$(BIN)/python benchmarks/report.py

generate: setup
	$(BIN)/python tools/generate.py

format: setup
	$(BIN)/ruff format src tests tools examples benchmarks fixtures
	$(BIN)/ruff check --fix src tests tools examples benchmarks fixtures

clean:
	rm -rf .venv build dist runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
