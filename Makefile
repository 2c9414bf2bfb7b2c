PYTHON ?= python3
BIN := .venv/bin
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)  # one more than cores, for some tests wait

.PHONY: help demo test check test-all format site card clean

help:  ## Show these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/base: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/models: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[models]'
	touch $@

.venv/dev: .venv/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

MINI := OMP_NUM_THREADS=1 $(BIN)/mibench run --model ofa-mini --batch-size 100 --open-weights

demo: .venv/models  ## Run a baseline and the bundled model on the mini world, compare, build their leaderboard
	rm -rf demo
	$(BIN)/mibench run --model random-option --output demo/submissions/random-option
	$(MINI) --model-args weights=base --name "OFA-mini, base" --output demo/submissions/ofa-mini-base & \
	$(MINI) --model-args weights=tuned --name "OFA-mini, tuned" --output demo/submissions/ofa-mini-tuned && wait $$!
	$(BIN)/mibench leaderboard build --submissions demo/submissions --output demo/leaderboard
	$(BIN)/mibench compare demo/submissions/ofa-mini-tuned demo/submissions/ofa-mini-base
	@echo "Open $(CURDIR)/demo/leaderboard/index.html in a browser."

test: check  ## Run the checks and the fast tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not slow"

test-all: check  ## Run all tests, the slow ones too
	$(BIN)/pytest -n $(WORKERS)

check: .venv/dev  ## Lint, format, types and task cards
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mibench tasks check

format: .venv/dev  ## Mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

site: .venv/base  ## Build leaderboard/ from submissions/
	$(BIN)/mibench leaderboard build --rows 40

card: .venv/models  ## Write docs/ofa-mini.md from the records of its training and its submissions
	$(BIN)/python -m mibench.tuning.mini.model_card docs/ofa-mini-training submissions/* --ablations recipes/ofa-mini-ablations.yaml \
		--attention docs/ofa-mini-training/attention.json

clean:  ## Remove what the other targets made
	rm -rf .venv demo dist
