#!/usr/bin/env bash
# Installs what the checkout needs and does not have yet. Usage: tools/setup.sh [build] [test] [engines] [bench]
#
#   build    compiler, -dev packages, Arrow C++, libduckdb and its extensions (pinned, sha256-checked) in .deps/; the default
#   test     build, and clang tools, valgrind, independent readers of the lake (.deps/venv/readers), a headless browser
#            (.deps/chromium), S3 servers and a proxy that spoils connections (.deps/bin, .deps/venv/servers),
#            Google's client of BigQuery and servers for it (.deps/venv/bigquery)
#   engines  test, and what ENGINES names (default: spark): Spark with Iceberg's runtime (.deps/venv/engines,
#            .deps/engines/jars), Trino (.deps/trino)
#   bench    the programs that `make bench` compares with (.deps/venv/bench), Spark (.deps/venv/engines), Google's client of
#            BigQuery and a server for it (.deps/venv/bigquery)
#
# A part that is complete takes no time. Downloads and venvs are kept per machine in $FINOPS_DEPS_CACHE (default:
# ~/.cache/finops-deps), so that the next checkout does not fetch them again.
set -Eeuo pipefail
trap 'echo "setup: ${BASH_SOURCE[0]}:$LINENO failed: $BASH_COMMAND" >&2' ERR
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for file in pins lib packages binaries venvs servers engines; do
  # shellcheck source=/dev/null
  . "tools/setup/$file.sh"
done

setup_build() {
  install_packages "${BUILD_PACKAGES[@]}"
  provide arrow "$ARROW_VERSION $ARROW_SHA256" install_arrow
  provide duckdb "$DUCKDB_VERSION $DUCKDB_SHA256 $DUCKDB_HEADER_SHA256" install_duckdb
  provide duckdb-extensions "$DUCKDB_VERSION ${DUCKDB_EXTENSIONS[*]}" install_duckdb_extensions
}

setup_test() {
  setup_build
  install_packages "${TEST_PACKAGES[@]}"
  provide_venv readers
  provide_venv servers
  provide_venv bigquery
  provide_venv mail
  provide_venv deploy
  provide_venv api
  provide chromium "$CHROMIUM_VERSION $CHROMIUM_SHA256" install_chromium
  provide versitygw "$VERSITYGW_VERSION $VERSITYGW_SUM" install_versitygw
  provide toxiproxy "$TOXIPROXY_VERSION $TOXIPROXY_SUM" install_toxiproxy
}

setup_engines() {
  setup_test
  install_packages "${ENGINE_PACKAGES[@]}"
  local engine engines=${ENGINES:-spark}
  for engine in ${engines//,/ }; do
    case $engine in
      spark)
        provide_venv engines
        provide engines "${SPARK_JARS[*]}" install_spark_jars
        ;;
      trino) provide trino "$TRINO_VERSION $TRINO_SHA256 $TRINO_JAVA_SHA256 $SQLITE_JAR" install_trino ;;
      *) fail "unknown engine '$engine' in ENGINES; any of: spark, trino" ;;
    esac
  done
}

setup_bench() {
  setup_build
  install_packages "$JAVA_PACKAGE"
  provide_venv bench
  provide_venv engines
  provide_venv bigquery
}

[ "$(uname -sm)" = "Linux x86_64" ] || fail "finops builds on Linux x86-64 only, this is $(uname -sm)."
for part in "${@:-build}"; do
  case $part in
    build | test | engines | bench) "setup_$part" ;;
    *) fail "unknown part '$part'; one of: build, test, engines, bench" ;;
  esac
done
