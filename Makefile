# Thin: each line is a command a person could type. `make setup` makes .venv; everything else uses it.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH :=
export PYTHONSAFEPATH := 1
export MPLBACKEND := Agg

.PHONY: setup demo test test-frameworks test-schemas check-page torture fuzz check bench generate format clean

# How long `make fuzz` runs each target, and which.
SECONDS ?= 600
TARGETS ?= all

# Which case `make bench` runs, and how large: full, small or smoke.
CASE ?=
SIZE ?= full
SAVE ?=

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

# The sources of the page: types, unit tests, what may stand nowhere in it. Wants npm.
check-page:
	cd web && npm ci --no-audit --no-fund && npm run check

# Kills, power cuts, full disks and damage, for longer than `make test` does. As root also what needs a mounted disk.
torture: export MEDIALOG_TORTURE := 1
torture: setup
	$(BIN)/python -m pytest -n 2 -q tests/durability

fuzz: setup
	$(BIN)/python -m pip install --quiet atheris || echo "no atheris for this Python: the seeded loop runs instead"
	$(BIN)/python tests/fuzz/run.py $(TARGETS) --seconds $(SECONDS) --atheris

check: setup
	$(BIN)/ruff check src tests tools examples benchmarks fixtures
	$(BIN)/ruff format --check src tests tools examples benchmarks fixtures
	$(BIN)/mypy src tests tools examples benchmarks fixtures
	$(BIN)/python tools/generate.py --check

# All cases, beside the peers, kept in benchmarks/results.json and docs/performance.md; or one: `make bench CASE=scalars`,
# which is only printed, unless SAVE=1. The peers have an environment of their own.
bench: .venv-bench/ready
	.venv-bench/bin/python benchmarks --size $(SIZE) $(if $(CASE),--case $(CASE)) $(if $(CASE),$(if $(SAVE),--save),--save)

.venv-bench/ready: pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv-bench/bin/python -m pip install --quiet --editable ".[all]" --group bench
	touch .venv-bench/ready

generate: setup
	$(BIN)/python tools/generate.py

format: setup
	$(BIN)/ruff format src tests tools examples benchmarks fixtures
	$(BIN)/ruff check --fix src tests tools examples benchmarks fixtures

clean:
	rm -rf .venv .venv-bench .benchmarks build dist runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
