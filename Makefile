# Everything runs in .venv, which each target sets up by itself: Python >= 3.11 and make are enough.
#
#   make demo    train the housing network and write the model, history, curves and metrics
#   make test    lint, types, tests, doctests, lessons
#   make soak    the tests of many repetitions (kills, long runs), and all tests on three instruction sets,
#                in an order of SHUFFLE (a number, which the head of the output repeats)
#   make browser the pages of TensorBoard, the server and JupyterLab in headless Chromium, with screenshots in browser-output
#   make docs    the site, in site/: guides, lessons, reference (the lessons run first)
#   make notebooks  the lessons as notebooks, run, in notebooks/
#   make bench   measure against the peers and rewrite docs/benchmarks.md
#   make lint    the checks of `make test` that run nothing
#   make release build sdist and wheel into dist, check them, and try them in bare environments
#   make clean   remove what the targets made (.venv included)
#   make lock    pin anew what is in locks/*.in (needs uv; UPGRADE=--upgrade takes newer releases)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test soak browser docs notebooks bench lint release clean lock

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
DEMO_OUT ?= demo-output
FAILURES := $(abspath $(VENV)/failures.txt)
UV ?= uv
SHUFFLE := $(or $(SHUFFLE),$(shell date +%s))
# XLA rounds differently on each: what holds on the oldest, on AVX2 and on this processor holds anywhere.
INSTRUCTION_SETS := $(if $(filter x86_64 amd64,$(shell uname -m)),--xla_cpu_max_isa=SSE4_2 --xla_cpu_max_isa=AVX2)

# Each part of the tests has processes of its own: one that ran all of them would lack memory, drop its programs
# and compile them anew.
PARTS := "tests/[a-k]*/" "tests/l*/" "tests/[m-o]*/" "tests/[p-s]*/" "tests/[t-z]*/ tests/test_*.py src"

# A name on the PATH may be a shim that does not run, or lack venv: only trying tells.
CANDIDATES := python3.13 python3.12 python3.11 python3 python
PROBE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	if "$$p" -c '$(PROBE)' >/dev/null 2>&1; then command -v "$$p"; break; fi; done)

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/demo.stamp
	$(BIN)/rosenblatt train california_housing --out $(DEMO_OUT)

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	@rm -f $(FAILURES); failed=0; for part in $(PARTS); do \
		echo "Tests of $$part"; \
		ROSENBLATT_TEST_FAILURES=$(FAILURES) $(BIN)/python -m pytest -n 2 $$part || \
			{ code=$$?; [ $$code = 1 ] || exit $$code; failed=1; }; \
	done; \
	if [ $$failed = 1 ]; then echo "What failed, of all parts:"; cat $(FAILURES); fi; exit $$failed

soak: $(VENV)/test.stamp
	$(BIN)/python -m pytest -m soak
	@for flags in $(INSTRUCTION_SETS) ""; do \
		echo "All tests with XLA_FLAGS=$$flags"; \
		XLA_FLAGS=$$flags $(BIN)/python -m pytest -n 2 --shuffle $(SHUFFLE); \
	done

browser: $(VENV)/test.stamp
	@command -v chromium google-chrome >/dev/null || \
		{ echo "make browser needs Chromium (on Debian: apt install chromium)" >&2; exit 1; }
	ROSENBLATT_SCREENSHOTS=browser-output $(BIN)/python -m pytest \
		tests/tensorboard/test_tensorboard_browser.py tests/serving/test_serving_page.py \
		tests/docs/test_jupyterlab.py

notebooks: $(VENV)/docs.stamp
	$(BIN)/python tools/notebooks.py --run

docs: notebooks
	$(BIN)/python tools/docs_site.py

bench: $(VENV)/bench.stamp
	$(BIN)/python -m bench

release: $(VENV)/release.stamp
	$(BIN)/python tools/release.py

clean:
	rm -rf $(VENV) $(DEMO_OUT) browser-output build dist site notebooks bench/results examples/output
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@python="$(PYTHON)"; \
	if [ -z "$$python" ] || ! "$$python" -c '$(PROBE)' >/dev/null 2>&1; then \
		echo "rosenblatt needs Python >= 3.11 with its venv module; tried: $${python:-$(CANDIDATES)}." >&2; \
		echo "Install one (on Debian: python3 and python3-venv), or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
		exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)

# One stamp for each lock file, newer than it once its packages are in: a second run does nothing.
$(VENV)/%.stamp: locks/%.txt pyproject.toml | $(BIN)/python
	@echo "Installing locks/$*.txt into $(VENV) (the first time takes a few minutes)"
	$(PIP) install -r locks/$*.txt
	$(PIP) install --no-deps -e .
	@touch $@

# PyTorch's wheel for processors needs none of the CUDA packages that its other wheel names.
lock:
	for name in demo test docs bench release; do \
		$(UV) pip compile --quiet --universal --python-version 3.11 $(UPGRADE) --no-annotate --no-header \
			--no-emit-index-url --no-emit-find-links locks/$$name.in -o locks/$$name.txt; \
		{ cat locks/header; grep -vE '^(#|nvidia-|cuda-|triton)' locks/$$name.txt; } > locks/$$name.new; \
		mv locks/$$name.new locks/$$name.txt; \
	done
