# Two commands do everything: make demo, make test. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CHECK ?= 0
WORKERS ?= 2

.PHONY: help setup demo test bench lint docs-data clean

help:
	@echo "make demo          build the demo county, start both servers  (CHECK=1: fetch each page once and stop)"
	@echo "make test          all tests"
	@echo "make bench         figures, as JSON"
	@echo "make lint          ruff and pyright"

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "需要 Python 3.11 或更新版本 Python >= 3.11 is needed; set PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "请先安装 please install: apt-get install python3-venv" >&2; exit 1; }
	@echo "setting up $(VENV): a few minutes the first time" >&2
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

setup: $(VENV)/.ready
	@tools/system-packages test

demo: $(VENV)/.ready
	@tools/system-packages fonts
	$(BIN)/zuofeng demo $(if $(filter-out 0,$(CHECK)),--check)

test: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope

bench: setup
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks

lint: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/pyright

clean:
	rm -rf $(VENV) var .pytest_cache .ruff_cache .hypothesis
