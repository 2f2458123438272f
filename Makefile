# `make run` and `make test` do all the set-up: they need python3 (with venv) and make.
# Everything is installed into .venv; `make clean` takes it away again.

BIN := .venv/bin
SCENARIO ?= scenarios/omid/failover-inflight-commit.toml
WORKERS ?= 2
# The oldest Python that the locks serve; they hold for every newer one as well.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

.PHONY: help run test oracle check format bench hunt lock clean .venv

help:
	@echo "make run      run the main job: $(SCENARIO)"
	@echo "make test     check, then run the whole test suite"
	@echo "make oracle   compare the isolation checker with brute force on 20,000 histories"
	@echo "make check    lint, formatting, types and layers"
	@echo "make format   let ruff format and mend the code"
	@echo "make bench    run every benchmark"
	@echo "make hunt     damage history files for ten minutes; keep what the readers do not survive"
	@echo "make lock     compile requirements/*.txt again (UPGRADE=--upgrade for newer releases)"
	@echo "make clean    delete the environment and all caches"

run: .venv/.base
	$(BIN)/bulkhead run $(SCENARIO)

test: check
	$(BIN)/pytest -n $(WORKERS)

oracle: .venv/.dev
	$(BIN)/pytest -p no:xdist -m oracle tests/specs/isolation

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.base
	for file in benchmarks/*.py; do $(BIN)/python "$$file" || exit 1; done

hunt: .venv/.base
	$(BIN)/bulkhead fuzz checkers --budget 10min

# The development lock holds the base as well; the others follow its versions.
lock: .venv/.made
	echo 'uv' | $(COMPILE) $(UPGRADE) -o requirements/bootstrap.txt -
	$(COMPILE) $(UPGRADE) -o requirements/dev.txt --extra dev --extra parquet pyproject.toml
	printf 'hatchling\neditables\n' | \
		$(COMPILE) $(UPGRADE) -c requirements/dev.txt -o requirements/build.txt -
	$(COMPILE) -c requirements/dev.txt -o requirements/base.txt pyproject.toml
	$(COMPILE) -c requirements/dev.txt -o requirements/parquet.txt --extra parquet pyproject.toml
	$(COMPILE) $(UPGRADE) -c requirements/dev.txt -o requirements/cluster.txt \
		--extra cluster pyproject.toml

clean:
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv: .venv/.dev

# uv is a convenience: where it has no wheel, install.sh falls back on pip.
.venv/.made: requirements/bootstrap.txt
	python=$$(requirements/find_python.sh) && "$$python" -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --only-binary :all: -r requirements/bootstrap.txt \
		|| echo "uv is not to be had here; pip does the rest." >&2
	touch $@

.venv/.base: .venv/.made requirements/base.txt requirements/build.txt pyproject.toml
	requirements/install.sh requirements/base.txt requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	touch $@

.venv/.dev: .venv/.base requirements/dev.txt
	requirements/install.sh requirements/dev.txt
	touch $@
