#!/usr/bin/env bash
# Configures a preset where that has to be done, and builds it. Usage: tools/build.sh PRESET [TARGET]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:?usage: tools/build.sh PRESET [TARGET]}
if [ ! -f "build/$preset/build.ninja" ] || [ CMakePresets.json -nt "build/$preset/build.ninja" ]; then
  log=$(mktemp)
  cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
  rm -f "$log"
fi
# Where the program looks for httpfs, as in an installation: <folder of the program>/../lib.
mkdir -p build/lib && ln -sfn ../../.deps/duckdb-extensions build/lib/duckdb-extensions
exec cmake --build --preset "$preset" --target "${2:-all}"
