# make demo and make test are all that is needed: each sets up .venv on first use.
PYTHON = .venv/bin/python
READY = .venv/.ready

.PHONY: demo test lint bench format translations clean

demo: $(READY)
	$(PYTHON) -m viewer demo

# Files of tests side by side, as many as there are cores, up to four; in their order, or those of a few long tests
# would be left to the end, when there is nothing to do beside them.
test: $(READY)
	$(PYTHON) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(READY)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/pyright
	.venv/bin/lint-imports

bench: $(READY)
	$(PYTHON) tests/bench.py

format: $(READY)
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

# Collects the words of the window into the files of Qt Linguist, keeps what is translated, and compiles them.
translations: $(READY)
	.venv/bin/pyside6-lupdate viewer/gui/*.py -no-obsolete -locations none -source-language en \
		-ts resources/translations/slicewise_zh_CN.ts
	.venv/bin/pyside6-lrelease resources/translations/slicewise_zh_CN.ts
	$(PYTHON) packaging/sentences.py

$(READY): pyproject.toml packaging/constraints.txt packaging/setup.sh
	sh packaging/setup.sh
	touch $(READY)

clean:
	rm -rf .venv demo-output .pytest_cache .ruff_cache .import_linter_cache
