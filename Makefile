# make demo and make test are all that is needed: each sets up .venv on first use.
PYTHON = .venv/bin/python
READY = .venv/.ready

.PHONY: demo test lint translations bench format clean

demo: $(READY)
	$(PYTHON) -m viewer demo

test: $(READY)
	$(PYTHON) -m pytest

lint: $(READY)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/lint-imports

translations: $(READY)
	$(PYTHON) packaging/sentences.py

bench: $(READY)
	$(PYTHON) tests/bench.py

format: $(READY)
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

$(READY): pyproject.toml packaging/constraints.txt packaging/setup.sh
	sh packaging/setup.sh
	touch $(READY)

clean:
	rm -rf .venv demo-output .pytest_cache .ruff_cache .import_linter_cache
