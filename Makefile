# make run   opens the application on the sample clip (without a display: the demo, offscreen)
# make test  everything that CI checks
# Both make .venv first, once, when it is not there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_OUT := out/demo

.PHONY: run test lint format clean
.DEFAULT_GOAL := run

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile -c constraints.txt -e '.[dev,sample,test]'
	touch $@

run: $(STAMP)
	@if [ "$$(uname -s)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
	    echo "No display here: driving the window offscreen through the whole job on the sample."; \
	    QT_QPA_PLATFORM=offscreen $(BIN)/python app.py --sample --demo $(DEMO_OUT) && \
	    echo "Results: $(DEMO_OUT) (masks, reliability maps, overlay video, screenshots)"; \
	else \
	    $(BIN)/python app.py --sample; \
	fi

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
