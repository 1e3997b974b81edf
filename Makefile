# What a person types; each line ends in a script or a CMake preset that can be used by itself.
.DEFAULT_GOAL := help
.PHONY: help demo example build dist test bench bench-s3 test-engines test-chaos fmt lint clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
	  printf 'make %-14s %s\n' "$$name" "$$text"; done

demo: build  ## build, make a bill of known truth, load it, show receipt and queries
	@tools/demo.sh

example: build  ## build, take a cloud provider's files to bronze, silver and gold, show them as one page
	@tools/example.sh

build:  ## get what is missing and build build/bin/finops
	@tools/setup.sh build
	@tools/build.sh release finops

dist:  ## make build/dist/finops-<version>-linux-x86_64.tar.gz, which runs without this checkout
	@tools/setup.sh build
	@tools/dist.sh

test:  ## all tests: unit, contract, sanitizers, end to end, release, instructions of a load, fuzz (FUZZ_SECONDS=10)
	@tools/setup.sh test
	@tools/run_tests.py unit asan-ubsan tsan servers e2e dist bench fuzz

test-engines:  ## read the lake with other engines (ENGINES="spark trino")
	@ENGINES="$(or $(ENGINES),spark)" tools/setup.sh engines
	@ENGINES="$(or $(ENGINES),spark)" tools/run_tests.py engines

test-chaos:  ## more than 10,000 injected faults, as a table of where they hit
	@tools/setup.sh test
	@tools/run_tests.py chaos

bench: build  ## speed and memory beside other tools, as tables (BENCH_ARGS=...)
	@tools/setup.sh bench
	@.deps/venv/bench/bin/python tests/bench/run.py --finops build/bin/finops $(BENCH_ARGS)

bench-s3: build  ## the same bill from a local S3 server, beside from the disk
	@tools/setup.sh bench test
	@.deps/venv/readers/bin/python tests/support/servers.py .deps/venv/bench/bin/python tests/bench/run.py \
	  --finops build/bin/finops --only load,discover --peers none --s3 $(BENCH_ARGS)

lint:  ## layers, format, clang-tidy
	@tools/setup.sh test
	@tools/lint.py

fmt:  ## format all of src/ and tests/
	@tools/setup.sh test
	@tools/lint.py --fix-format

clean:  ## remove everything that was built; keeps .deps and the machine's download cache
	rm -rf build demo-data
