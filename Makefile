# make tutorial   set everything up, run the walk in order against the sandbox, show what came out
# make production the same with 05, which takes some minutes more
# make lab        open the notebooks in JupyterLab; make lab CLEAR=1: copies without outputs, yours to fill
# make test       all tests; make test-fast: those without a sandbox, notebooks and browser
# make matrix     the notebooks and the sandbox's clients in every environment that the README names, or in some:
#                 make matrix PLACES=newest
# make notebooks  run all notebooks in order and store their outputs in place
# make app        a web service in front of the sandbox's endpoint, at http://127.0.0.1:8000
# make batch      run a table of settings, each into a notebook of its own: make batch RUNS=data/batch.csv
# make site       the notebooks and their stored outputs as pages to read, in build/site
# make picture    make the README's picture anew, from a real browser
# make diagrams  draw the notebooks' diagrams anew, from data/diagrams
# make bench      measure what the README says of speed
# make lock       write the locks anew, with today's newest versions inside the bounds
# make audit      known vulnerabilities of the lock, bandit over helpers, licences; 2 if it could not ask
# make clean      remove what the others made, the virtual environment included

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
TOOLS  := $(VENV)/tools-ready
OLDER  := build/older/ready
AIRFLOW := build/airflow/airflow.db
SITE   := build/site-tools/ready
MINE   := my-notebooks
RUNS   ?= data/batch.csv
BOOKS  := $(sort $(wildcard notebooks/[0-9]*.ipynb))
# 05 puts load on the endpoint for minutes: the first run of everything does without it.
LOAD   := notebooks/05_in_production.ipynb
WALK   := $(filter-out $(LOAD),$(BOOKS))

# Where this is set (in containers, often), each of the many processes would compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

# Unattended runs practise in a sandbox of their own, so they never touch the one you are working in,
# and draw the playground once instead of waiting for someone to move a slider.
UNATTENDED = export PLAYGROUND_SYNC=1 SANDBOX_HOME="$(CURDIR)/build/$@-sandbox"; \
	trap '$(BIN)/python -m helpers.sandbox stop' EXIT

# uv installs a lock in a tenth of pip's time. It knows nothing of pip's own settings: where those are needed
# (a company's index), pip does it.
UV     := $(BIN)/uv pip --quiet
BUILD  := --python $(BIN)/python --require-hashes
define install
{ $(UV) install $(BUILD) -r $(1) || $(BIN)/python -m pip install --require-hashes -r $(1); }
endef
define told
>>build/setup.log 2>&1 || { tail -20 build/setup.log; echo "The set-up failed; the whole log is build/setup.log"; exit 1; }
endef

.PHONY: tutorial production lab app test test-fast matrix notebooks batch site picture diagrams bench lock audit check clean

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON) found: install Python 3.11 or later"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "This needs Python 3.11 or later; say for example: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV): about a minute ..."
	@mkdir -p build; rm -f build/setup.log
	@{ $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --upgrade 'pip>=24.1' 'uv>=0.9,<1'; } $(told)
	@{ $(call install,requirements.lock) && $(BIN)/python -m pip install --no-deps -e .; } $(told)
	@# Kernels warn, each time anew, that they speak TCP unencrypted; it is this machine's loopback.
	@mkdir -p $(VENV)/etc/ipython; echo 'c.IPKernelApp.log_level = "ERROR"' >$(VENV)/etc/ipython/ipython_kernel_config.py
	@touch $@

$(TOOLS): $(READY) tests/requirements.lock
	@echo "Setting up the tools for tests ..."
	@$(call install,tests/requirements.lock) $(told)
	@touch $@

# For tests and the site alone, each with packages that can't be installed beside ours: tests/environments/*.txt say why.
build/%/ready: tests/environments/%.lock | $(READY)
	@echo "Setting up build/$*: half a minute ..."
	@mkdir -p build; { $(PYTHON) -m venv build/$* && { \
	  $(UV) install --python build/$*/bin/python --require-hashes -r $< \
	  || build/$*/bin/python -m pip install --require-hashes -r $<; } && touch $@; } \
	  >build/$*.log 2>&1 || echo "That failed (build/$*.log says why): what needs it will be skipped"

# Each night of the tests starts from a copy of this empty database.
$(AIRFLOW): build/airflow/ready
	@test ! -e $< || AIRFLOW_HOME="$(CURDIR)/build/airflow" build/airflow/bin/airflow db migrate >>build/airflow.log 2>&1 \
	  || { rm -f $@; echo "That failed (build/airflow.log says why): what needs it will be skipped"; }

# One process for all: importing papermill takes two seconds.
define RUN_ALL
import pathlib, sys, papermill
from helpers.batch.output import write_html
out, *books = map(pathlib.Path, sys.argv[1:])
for book in books:
    print("---", book, flush=True)
    papermill.execute_notebook(book, out / book.name, cwd=out, progress_bar=False)
    write_html(out / book.name, book.parent) or sys.exit(1)  # it has said why
endef
export RUN_ALL

production: RUN := $(BOOKS)
tutorial: RUN := $(WALK)
tutorial production: $(READY)
	@rm -rf build/$@ && mkdir -p build/$@
	@set -e; $(UNATTENDED); export SANDBOX_ENDPOINT_SECONDS=1; \
	$(BIN)/python -m helpers.sandbox start; \
	$(BIN)/python -c "$$RUN_ALL" build/$@ $(RUN)
	@echo; echo "The tutorial ran from subscribing to cleaning up. Read what came out:"; ls build/$@/*.html
	@echo "Now run it yourself, with the sliders: make lab"

# Trusted: they are this repository's own. Of others JupyterLab shows no widgets after a page is reloaded.
OPENED = $(if $(CLEAR),$(BOOKS:notebooks/%=$(MINE)/%),$(BOOKS))
lab: $(READY) $(OPENED)
	@$(BIN)/jupyter trust $(OPENED) >/dev/null
	$(BIN)/jupyter lab $(firstword $(OPENED))

# Made where there is none, never anew: what a reader has written there stays.
$(MINE)/%.ipynb: | notebooks/%.ipynb $(READY)
	@mkdir -p $(MINE) && cp -R notebooks/diagrams $(MINE)
	@$(BIN)/jupyter nbconvert --log-level ERROR --to notebook --ClearOutputPreprocessor.enabled=True \
	  --output-dir $(MINE) notebooks/$*.ipynb

app: $(READY)
	$(BIN)/python -m helpers.production.app

notebooks: $(TOOLS)
	@rm -rf notebooks/runs; mkdir -p build
	@set -e; $(UNATTENDED); \
	$(BIN)/jupyter nbconvert --log-level ERROR --to notebook --execute --inplace \
	  --ExecutePreprocessor.record_timing=False $(BOOKS); \
	$(BIN)/jupyter nbconvert --log-level ERROR --to notebook --inplace \
	  --CoalesceStreamsPreprocessor.enabled=True --TagRemovePreprocessor.enabled=True \
	  --TagRemovePreprocessor.remove_all_outputs_tags=solution $(BOOKS); \
	$(BIN)/nbstripout --keep-output --keep-count --keep-id --extra-keys \
	  "metadata.widgets metadata.language_info.version metadata.papermill cell.metadata.execution" $(BOOKS)

site: $(SITE)
	@rm -rf build/site
	@build/site-tools/bin/python -m tests.site build/site
	@echo "Open build/site/index.html in a browser: it needs no server and no network."

picture: $(TOOLS)
	@mkdir -p build
	@set -e; $(UNATTENDED); unset PLAYGROUND_SYNC; $(BIN)/python -m tests.browser.picture

diagrams: $(READY)
	@$(BIN)/python -m tests.notebooks.diagrams

batch: $(READY)
	@mkdir -p build/batch
	@set -e; $(UNATTENDED); \
	$(BIN)/python -m helpers.sandbox start; \
	for book in 01_subscribe 02_deploy; do \
	  $(BIN)/papermill --cwd build/batch --no-progress-bar --log-level ERROR \
	    notebooks/$$book.ipynb build/batch/$$book.ipynb; \
	done; \
	$(BIN)/python -m helpers.batch $(RUNS) --out build/batch

# Two files at once, each with a sandbox of its own: half of a test's time is waiting. No process is started
# for one that ended: it would run the test again that ended it.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

test: $(TOOLS) $(OLDER) $(AIRFLOW) $(SITE) check
	$(PYTEST)
	@rm -rf build/nbval && mkdir -p build/nbval && cp $(WALK) build/nbval
	@set -e; $(UNATTENDED); $(BIN)/python -m pytest --nbval --nbval-cell-timeout 300 build/nbval

test-fast: $(TOOLS) check
	$(PYTEST) -m "not slow"

matrix: $(TOOLS)
	$(BIN)/python -m tests.environments $(PLACES)

# The tests' first, so that the readers' is a part of it: both go into one environment.
COMPILE = $(UV) compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-package cohere-on-sagemaker \
	--custom-compile-command "make lock"
lock: $(READY)
	@$(COMPILE) --upgrade tests/requirements.txt -o tests/requirements.lock >/dev/null
	@$(COMPILE) requirements.txt -c tests/requirements.lock -o requirements.lock >/dev/null
	@for each in older airflow site-tools; do \
	  $(COMPILE) --upgrade tests/environments/$$each.txt -o tests/environments/$$each.lock >/dev/null || exit 1; done

bench: $(TOOLS)
	@for each in tests/benchmarks/[a-z]*.py; do echo "--- $$each"; $(BIN)/python $$each || exit 1; done
	@echo "--- 10,000 cut and broken streams, 1,104 cuts (some are refused, over 1,000 compared)"
	@STREAM_CASES=10000 CUTTING_CASES=1104 $(BIN)/python -m pytest \
	  tests/helpers/generate/test_stream.py tests/helpers/tune/test_truncation.py
	@echo "--- 1,000 deadlines, simulated with what goes wrong around them"
	@DEADLINES=1000 $(BIN)/python -m pytest tests/helpers/deploy/test_deadlines_simulated.py
	@echo "--- the next-token view in a browser: first bars within 2 s, redrawn within 50 ms"
	@BENCH=1 $(BIN)/python -m pytest -s tests/browser/test_dice.py -k "seconds"
	@echo "--- llmeter and the sandbox's CloudWatch: the same count, and percentiles within 10 %"
	@BENCH=1 $(BIN)/python -m pytest -s tests/helpers/production/test_load.py -k cloudwatch
	@echo "--- 20,000 steps on the money path"
	@MONEY_STEPS=20000 $(BIN)/python -m pytest tests/helpers/test_money_path.py

audit: $(READY)
	@$(BIN)/python -m tests.audit

check: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

clean:
	rm -rf $(VENV) build notebooks/runs *.egg-info
