# Everything runs in the environment .venv, which builds itself from uv.lock.

SHELL := /bin/bash
PORT := 5000
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONUNBUFFERED := 1
# MLflow's UI without usage statistics and without its services for language models.
export MLFLOW_DISABLE_TELEMETRY := true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION := false

.DEFAULT_GOAL := help
.PHONY: help repro test lint docs house audit ui bench bench-quick env fresh

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

repro: env ## Run the whole pipeline: whatever is out of date, from Geant4 to reports/index.html (other parameters: PRESET=smoke)
	@python -c 'from heitler.config import load_config; from heitler.base.stage import run_stage; run_stage(load_config)'
	@python -m heitler.base.dvc_lock  # a DVC that was killed left it, and it would refuse to start
	$(if $(PRESET),heitler preset $(PRESET) --run,dvc repro)
	@echo "Done. Open reports/index.html in a browser."

test: .venv/.extras lint ## Run all checks and tests
	pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: env ## Check style and types
	ruff check
	ruff format --check
	mypy

# Parts: make fresh ROOTS="bookworm docker" STEPS="smoke doctor"; FRESH=/folder for 40 GB, MIRROR=address.
fresh: ## Try it on bare Debian 12 and 13, as an ordinary user, and as containers do (root, debootstrap)
	@PYTHONPATH=src python3 scripts/fresh --roots "$(ROOTS)" --steps "$(STEPS)" --folder "$(FRESH)" \
		--mirror "$(MIRROR)" --again "$(AGAIN)"

docs: .venv/.extras ## Build the documentation, site/index.html; warnings are errors
	NO_MKDOCS_2_WARNING=1 mkdocs build --clean

house: env ## Measure and draw the code's structure into docs/architecture.md; seconds
	@PYTHONPATH=src python scripts/house

audit: env ## Look up the packages of uv.lock among the known vulnerabilities of osv.dev
	@scripts/audit.sh

ui: env ## Show the MLflow runs at http://127.0.0.1:5000 (another port: make ui PORT=5001)
	@mkdir -p mlruns
	@echo "Starting MLflow (up to a minute); Ctrl-C ends it. The runs:"
	@echo "http://127.0.0.1:$(PORT)/#/experiments/1/runs?workflowType=machine_learning"
	mlflow ui --backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///mlruns/mlflow.db}" \
		--host 127.0.0.1 --port $(PORT) --workers 1

# The benchmarks of benchmarks/ that a target runs, in this order; PEERS names a Python with torch etc.
BENCHMARKS := $(filter $(basename $(notdir $(wildcard benchmarks/*.py))),\
	training ranks layers generator input evolution)

bench: env ## Measure everything; benchmarks/results (PEERS=/path/bin/python: also PyTorch etc.)
	@set -e; for name in $(BENCHMARKS); do \
		echo "benchmarks/$$name.py"; \
		case $$name in training|generator|evolution) peers="$(PEERS:%=--peers %)";; *) peers="";; esac; \
		python benchmarks/$$name.py $(QUICK) $$peers; \
	done

bench-quick: ## The same with fewer sizes and rounds, within 5 minutes on 2 cores
	@$(MAKE) --no-print-directory bench QUICK=--quick

env: .venv/.ready ## Build the environment, if uv.lock is newer

# What the pipeline does without: the documentation's tools, remote storage and a server to test it.
.venv/.extras: .venv/.ready
	@scripts/setup.sh docs remote
	@touch $@

.venv/.ready: uv.lock pyproject.toml scripts/setup.sh scripts/uv.sh scripts/display_stand_ins.sh scripts/horovod_cmake.sh
	@scripts/setup.sh
	@touch $@
