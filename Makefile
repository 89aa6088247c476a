PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv-bench/.ready
SBOM := goboard.cdx.json

.PHONY: help setup run demo test lint types imports generate check-generated test-slow test-faults soak test-browser autobahn fuzz screenshots coverage bench audit sbom lock clean

help:             ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: $(READY)   ## make .venv with goboard and all it needs; done once, and again when the lock changes

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "goboard needs Python 3.11 or newer; say which: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@$(BIN)/uv sync --locked --inexact --quiet
	@touch $@

run: setup        ## serve on the embedded store, with a token that may act for every member
	@export AUTH_STATIC_ROLE=$${AUTH_STATIC_ROLE:-server}; exec $(BIN)/goboard serve --store embedded

demo: setup       ## serve as run does, with a simulated crowd on the board demo, and tell the page's URL
	@export AUTH_STATIC_ROLE=$${AUTH_STATIC_ROLE:-server}; exec $(BIN)/goboard simulate --serve --store embedded $(ARGS)

test: setup       ## all tests but the slow ones, on real stores that the tests start themselves
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow and not faults and not soak and not browser" $(ARGS)

test-slow: setup  ## tests that take long and show little more than others: many starts, long runs, Schemathesis
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m slow $(ARGS)

test-faults: setup  ## the slow tests: real faults in real processes
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m faults --ignore tests/faults/test_goodput.py $(ARGS)
	@$(BIN)/python -m pytest -m faults tests/faults/test_goodput.py  # it measures: with nobody beside it

soak: setup       ## ten minutes of callers that come and go, on two workers: nothing grows; SOAK_SECONDS=120
	@SOAK_SECONDS=$(or $(SOAK_SECONDS),600) $(BIN)/python -m pytest -m soak -s $(ARGS)

test-browser: setup  ## the page, in the Chromium that is on the PATH
	@REQUIRE_BROWSER=1 $(BIN)/python -m pytest -m browser tests/browser $(ARGS)

fuzz: setup       ## the fuzzers and Schemathesis for longer, with new inputs each time; FUZZ_EXAMPLES=2000
	@FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),2000) SCHEMATHESIS_EXAMPLES=100 $(BIN)/python -m pytest \
		tests/property/test_decoders.py tests/property/test_http2_fuzz.py tests/property/test_scripts.py \
		tests/property/test_ranking_model.py tests/property/test_store_model.py \
		tests/wire/test_schemathesis.py $(ARGS)

autobahn: setup   ## Autobahn|Testsuite on an echo over WebSocket; WSTEST=path/to/wstest (tests/autobahn/run.py)
	@WSTEST="$(or $(WSTEST),wstest)" $(BIN)/python tests/autobahn/run.py

screenshots: setup  ## the pictures of the page in docs/images, of a crowd that plays
	@$(BIN)/python tests/browser/screenshots.py

lint: setup       ## style and common faults
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup      ## mypy, strict
	@$(BIN)/mypy

imports: setup    ## the dependency rule
	@$(BIN)/lint-imports

generate: setup   ## the gRPC code, from proto/dashboard.proto
	@$(BIN)/python proto/generate.py src/goboard/entrypoints/grpc/generated

check-generated: setup  ## fail where the committed gRPC code is not what the proto gives
	@$(BIN)/python proto/generate.py --check src/goboard/entrypoints/grpc/generated

coverage: setup   ## the tests with coverage, of the servers they start too: coverage.xml
	@$(BIN)/python -m pytest -m "not slow and not faults and not soak and not browser" --cov --cov-report=xml --cov-report=term

bench: setup $(PEERS)  ## speed beside what one would use instead: bench/RESULTS.md; QUICK=1 is short, LARGE=1 long
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(LARGE),--large)

$(PEERS): pyproject.toml uv.lock $(READY)
	@UV_PROJECT_ENVIRONMENT=.venv-bench $(BIN)/uv sync --locked --only-group bench --python $(BIN)/python --quiet
	@touch $@

audit: setup      ## look up known vulnerabilities of all that uv.lock installs
	@$(BIN)/uv export --locked --quiet --no-emit-project --all-extras --all-groups --output-file .venv/audited.txt
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement .venv/audited.txt

sbom: setup       ## list what goboard and its extras install, by uv.lock, as CycloneDX: goboard.cdx.json
	@$(BIN)/uv export --locked --quiet --no-dev --all-extras --format cyclonedx1.5 --output-file $(SBOM)

lock:             ## resolve the dependencies anew
	@$(BIN)/uv lock

clean:            ## remove what setup and the tools made
	rm -rf .venv .venv-bench bench/peers/go/.bin .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache coverage.xml .coverage* $(SBOM)
