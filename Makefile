# Two commands to begin with: `make book` and `make test`. `make help` lists all.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
NOTEBOOKS ?= $(wildcard chapters/*.ipynb)
# one thread a worker: more would wait for each other. Files go out in order, or long ones with few tests would come last
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
NBVAL := --nbval --nbval-sanitize-with tests/notebooks/sanitize.cfg

.DELETE_ON_ERROR:
.PHONY: help book serve pdf lab run exercises grade test test-all check bench examples cards release constraints clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

book: $(VENV)/.book  ## build the book into _build/html
	@$(BIN)/python tools/book.py
	@echo "The book is built. Open _build/html/index.html in a browser, or type: make serve"

serve: book  ## build the book and open it in the browser
	@$(BIN)/python tools/serve.py _build/html $(PORT)

pdf: book $(VENV)/.test  ## the whole book on paper, _build/gradient_descent.pdf (MORE=--exercises for those too)
	@$(BIN)/python -m tools.pdf $(MORE)

lab: $(VENV)/.tools  ## open the chapters in JupyterLab
	@$(BIN)/jupyter trust chapters/*.ipynb >/dev/null  # or Lab hides their stored figures
	$(BIN)/jupyter lab chapters/01_loss.ipynb --ServerApp.root_dir="$(CURDIR)"

run: $(VENV)/.test  ## execute the notebooks anew and store their outputs (NOTEBOOKS=chapters/01_loss.ipynb for one)
	$(BIN)/python tools/run_notebooks.py $(NOTEBOOKS)

exercises: $(VENV)/.lab  ## make the students' notebooks in exercises/ from solutions/
	@$(BIN)/python -m tools.exercises

grade: $(VENV)/.lab  ## grade a class: make grade SUBMISSIONS=submitted OUT=graded (MORE="--workers 4")
	@test -n "$(SUBMISSIONS)" && test -n "$(OUT)" || { echo "Say what to grade and where to: make grade SUBMISSIONS=submitted OUT=graded"; exit 2; }
	@$(BIN)/python -m gdcore.grade "$(SUBMISSIONS)" --out "$(OUT)" $(MORE)

test: $(VENV)/.test  ## all tests: rules, optimizers, theory, notebooks, book, browser (ONLY=04 for what concerns a chapter)
	@$(BIN)/ruff check .
ifdef ONLY
	GDCORE_TEST_ALL=1 $(PYTEST) chapters/$(ONLY)_*.ipynb tests/notebooks/test_stored.py tests/grading tests/figures/chapters $(NBVAL) -k "$(ONLY)"
else
	$(PYTEST) chapters tests $(NBVAL)
endif

test-all: export GDCORE_TEST_ALL = 1
test-all: test  ## the same, and each kernel and each training on a second device: before a release, and for changes in gdcore/kernels

check: $(VENV)/.test  ## lint, what a new rule still lacks, and the fast tests, in a minute
	@$(BIN)/ruff check .
	@$(BIN)/python -m tools.method
	$(PYTEST) tests -m "not slow"

bench: $(VENV)/.test  ## time the optimizers against torch's and others, and the grader against Jupyter, in one run
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.grading
	$(BIN)/python -m benchmarks.monitoring

examples: $(VENV)/.lab  ## train what the worked examples report (an hour or more); what is stored is not done again
	$(BIN)/python -m examples $(NAMES)

cards: $(VENV)/.book  ## write the page of rule cards anew
	$(BIN)/python -m gdcore.views.page > book/rule_cards.md.new && mv book/rule_cards.md.new book/rule_cards.md

release: $(VENV)/.test  ## gdcore as a wheel and an sdist, in dist/
	@$(BIN)/python -c "from setuptools import build_meta as b; print(b.build_sdist('dist'), b.build_wheel('dist'), sep='\n')" | tail -2

constraints: $(VENV)/.test  ## note the exact versions that are installed now
	$(BIN)/python -m pip freeze --exclude-editable | sed -E 's/^(torch==[0-9.]+)\+.*/\1/' > constraints.txt

clean:  ## remove what was built, and the environment
	rm -rf _build $(VENV) gdcore.egg-info

# The environment grows in stages. A stage is stamped when it is complete, so an interrupted one is taken up again.
# The versions in constraints.txt are tried first; where this Python cannot have them, the ranges decide.

install = $(BIN)/python -m pip install --disable-pip-version-check -r $(1) -c constraints.txt \
  || $(BIN)/python -m pip install --disable-pip-version-check -r $(1)

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else f"Python 3.11 or newer is needed, and $(PYTHON) is {v[0]}.{v[1]}: name another one, make book PYTHON=python3.12.")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.book: requirements-book.txt pyproject.toml constraints.txt | $(VENV)/.made
	$(call install,requirements-book.txt)
	@touch $@

$(VENV)/.lab: requirements.txt $(VENV)/.book
	$(call install,requirements.txt)
	@touch $@

# A few chapters need these, and say which they miss: where there is no wheel, the rest goes on without.
$(VENV)/.tools: requirements-tools.txt $(VENV)/.lab
	{ $(call install,requirements-tools.txt); } || echo "Some libraries of chapters 12, 13, 18, 24 and 28 have no wheel for this Python: those chapters go on without them."
	@touch $@

$(VENV)/.test: requirements-test.txt $(VENV)/.tools
	$(call install,requirements-test.txt)
	@touch $@
