# The habits. `make` builds build/spoke; `make help` lists the rest.
# Each target sets up what it needs with scripts/setup, which does nothing the second time.

PRESET ?= release
BUILD_release := build
BUILD_debug := build/debug
BUILD_tsan := build/tsan
BUILD_fuzz := build/fuzz
FUZZ_SECONDS ?= 60

.PHONY: all build demo test test-san test-real bench goldens lint fmt clean help
SPARK ?= 4.1.4
all: build

build: ## build build/spoke
	@scripts/setup build
	@[ -f build/build.ninja ] || cmake --preset release >/dev/null
	@ninja -C build --quiet spoke

demo: build ## a cluster, real Spark, Pi with two executors
	@scripts/setup run
	@scripts/setup spark
	@scripts/demo

test: ## the unit tests, the API scripts, real Spark on the embedded cluster
	@scripts/setup build
	@scripts/setup run
	@scripts/setup spark 4.1.4 3.5.8
	@scripts/setup images
	@[ -f build/build.ninja ] || cmake --preset release >/dev/null
	@ninja -C build --quiet
	@scripts/test

test-san: ## the unit tests under ASan, UBSan and TSan; each fuzz target for a minute
	@scripts/setup build
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/test-san

test-real: build ## the same operator and scripts on an unmodified Kubernetes
	@scripts/setup run
	@scripts/setup spark
	@scripts/setup real
	@scripts/setup images
	@scripts/test-real

bench: build ## measures spoke beside an unmodified Kubernetes; takes about 5 minutes
	@ninja -C build --quiet bench_load
	@scripts/setup run
	@scripts/setup spark
	@scripts/setup real
	@scripts/setup images
	@images/spark/build-oci 4.1.4
	@tests/realkube/realkube build
	@tests/bench/run

goldens: ## records what the spark-submit of SPARK=VERSION asks of Kubernetes; takes about an hour
	@scripts/setup spark $(SPARK)
	@tests/parity/record $(SPARK)
	@cd tests/cron && go run . >golden.jsonl

lint: ## clang-format, clang-tidy, rooms
	@scripts/setup build
	@scripts/setup lint
	@scripts/lint

fmt: ## formats the sources
	@scripts/setup lint
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

clean: ## removes build/
	rm -rf build

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20
