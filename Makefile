# Needs Python 3.11 to 3.13 (TensorFlow has no wheels for newer ones yet) and a package index. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# For the stages, which DVC starts as `python -m ...`.
export PATH := $(abspath $(BIN)):$(PATH)
OFFLINE := .dvc/plots.local.html

.DEFAULT_GOAL := help
.PHONY: setup app cards export report repro verify test slow nightly bench lint lock params plots clean help

setup: $(VENV)/dev.done ## make the environment and nothing else

repro: params $(OFFLINE) ## run the stages that depend on changed parameters, code or data (dvc repro)
	$(BIN)/dvc repro

app: $(VENV)/run.done ## start the dashboard on 127.0.0.1; Ctrl-C ends it
	$(BIN)/python -m streamlit run src/met_culture/dashboard/app.py

cards: $(VENV)/run.done ## write docs/data_card.md and docs/model_card.md from the metrics
	$(BIN)/python -m met_culture.cards metrics docs

report: $(VENV)/run.done ## write report.html, one page of all results
	$(BIN)/python -m met_culture.report report.html

export: $(VENV)/run.done ## write models/model.onnx and its checksum
	$(BIN)/python -m met_culture.export

params: $(VENV)/run.done ## check params.yaml
	$(BIN)/python -m met_culture.params

plots: $(VENV)/run.done ## make DVC's pages of plots work without a network; repro does it too
	$(BIN)/python -m met_culture.offline_plots

verify: params ## run everything twice in scratch clones and compare all bytes; CHANGES="-S train.epochs=5" for less
	$(BIN)/python -m met_culture.verify $(CHANGES)

# Two processes, each of which takes whole files of tests, because tests of a file share what is costly to make.
PYTEST := $(BIN)/python -m pytest --numprocesses=2 --dist=loadfile

test: $(VENV)/dev.done ## run the tests
	$(PYTEST)

slow: $(VENV)/dev.done ## run the tests of about 20 seconds and more each, and one of each long kind
	$(PYTEST) -m slow

nightly: ## run everything: .ci/run, every command of README.md and docs/, long verifications
	.ci/run
	$(BIN)/python -m pytest -m nightly
	$(MAKE) verify CHANGES="-S train.epochs=5"
	$(MAKE) verify CHANGES="-S train.model=efficientnet_lite0 -S train.epochs=2 -S preprocess.image_size=64"

# A folder of real paintings, for the measurements that README.md and docs/ quote.
MUSEUM ?=

bench: $(VENV)/dev.done ## measure speed and scale, four hours; writes benchmarks/results/ and docs/scaling.md
	$(BIN)/python benchmarks/preprocess.py $(MUSEUM)
	$(BIN)/python benchmarks/train.py
	$(BIN)/python benchmarks/fetch.py
	$(BIN)/python benchmarks/fetch_scale.py
	$(BIN)/python benchmarks/fetch_cost.py
	$(BIN)/python benchmarks/experiments.py
	$(BIN)/python benchmarks/rounding.py
	$(BIN)/python benchmarks/inference.py
	$(BIN)/python benchmarks/several.py
	$(BIN)/python benchmarks/dvc_scale.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/scaling_page.py

lint: $(VENV)/dev.done ## check style, docstrings, annotations and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--custom-compile-command "make lock"

lock: $(VENV)/dev.done ## pin the newest versions that requirements*.in allow
	$(LOCK) requirements.in --output-file requirements.txt
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt

clean: ## remove the environment and the scratch folder, not the outputs or DVC's cache
	rm -rf $(VENV) .scratch dvc_plots .cache/vega.js $(OFFLINE)
	@[ ! -f .dvc/config.local ] || sed -i.old '/html_template *= *plots\.local\.html/d' .dvc/config.local
	@rm -f .dvc/config.local.old

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "error: $(PYTHON) is not Python 3.11, 3.12 or 3.13; run: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The package itself is linked, not copied, and needs nothing beyond what the lock file holds.
$(VENV)/run.done: requirements.txt pyproject.toml | $(BIN)/python
	@echo "installing what requirements.txt pins into $(VENV): one to three minutes"
	$(PIP) --requirement requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/dev.done: requirements-dev.txt $(VENV)/run.done
	$(PIP) --requirement requirements-dev.txt
	touch $@

$(OFFLINE): .dvc/plots.html src/met_culture/offline_plots.py $(VENV)/run.done
	$(BIN)/python -m met_culture.offline_plots
