# Needs Python 3.11+ and a package index. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# DVC's own telemetry is off in .dvc/config; this is for a DVC that runs outside the repository.
export DVC_NO_ANALYTICS := 1

.DEFAULT_GOAL := help
.PHONY: repro test bench lint lock params clean help

repro: $(VENV)/run.done ## rebuild whatever params, code or data have changed (dvc repro)
	python -m met_culture.params
	dvc repro

test: $(VENV)/dev.done ## run the test suite
	python -m pytest

bench: $(VENV)/dev.done ## measure speed as ratios; writes benchmarks/results/
	python benchmarks/preprocess.py
	python benchmarks/train.py

lint: $(VENV)/dev.done ## check style, docstrings and annotations
	ruff check .
	ruff format --check .

params: $(VENV)/run.done ## check params.yaml
	python -m met_culture.params

lock: $(VENV)/dev.done ## pin the newest versions that requirements*.in allow
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --upgrade \
		--custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean: ## remove the environment and the scratch folder; DVC's cache and outputs stay
	rm -rf $(VENV) .scratch dvc_plots

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Python 3.11 or newer is needed; run: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The package itself is linked, not copied, and needs nothing beyond what the lock file holds.
$(VENV)/run.done: requirements.txt pyproject.toml | $(VENV)/bin/python
	python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/dev.done: requirements-dev.txt $(VENV)/run.done
	python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@
