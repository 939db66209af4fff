# The front door. `make` alone lists the recipes; meson and ninja do the work.
PREFIX ?= /usr/local
DESTDIR ?=

help: ## list these recipes
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and testing need
	@scripts/setup.sh

build: setup ## build build/src/aws-copilot
	@scripts/build build all

test: setup ## build, then every test
	@scripts/test

check: setup ## what CI runs: the tests, the gates, clang, ASan+UBSan, TSan
	@scripts/check

torture: build ## hit a deployment everywhere, for hours (SEED=, MINUTES=)
	@scripts/torture --seed $(or $(SEED),1) --minutes $(or $(MINUTES),600)
	@eval "$$(scripts/setup.sh --env)"; AWSCOPILOT_TEST_ALL=1 "$$JUDGE_PYTHON" test/e2e/run.py -k test_states.States
	@eval "$$(scripts/setup.sh --env)"; AWSCOPILOT_TEST_ALL=1 "$$JUDGE_PYTHON" test/e2e/run.py -k "test_permissions action_less"
	@scripts/calls --seed $(or $(SEED),1) --minutes $(or $(MINUTES),600)
	@scripts/faults --seed $(or $(SEED),1) --minutes $(or $(MINUTES),600)

demo: build ## deploy examples/todo to a local AWS, by conversation
	@scripts/demo

bench: build ## measure each figure beside the peer's, into build/bench.json
	@scripts/bench

model-check: build ## score the model of OPENAI_BASE_URL= (MODEL=), or of llama.cpp
	@OPENAI_BASE_URL="$(OPENAI_BASE_URL)" MODEL="$(MODEL)" scripts/model-check

format: ## put all C files into the house format
	@git ls-files -z --cached --others --exclude-standard 'src/*.[ch]' 'test/*.[ch]' | xargs -0 -r clang-format-14 -i

tables: build ## renew docs/tables from what the program prints
	@scripts/check-tables --update

install: ## install under PREFIX (/usr/local), below DESTDIR
	@[ -x build/src/aws-copilot ] || $(MAKE) --no-print-directory build
	@meson configure build -Dprefix=$(PREFIX)
	@meson install -C build $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

clean: ## remove the build folders; the tool cache stays
	rm -rf build build-*

.PHONY: help setup build test check torture demo bench model-check format tables install clean
