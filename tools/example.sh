#!/usr/bin/env bash
# The tour of `make example`: a cloud provider's files become bronze, silver, gold and one page that shows them.
# Usage: tools/example.sh [FOLDER]     everything goes to FOLDER, default build/example; FINOPS_BIN: another program
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
finops=${FINOPS_BIN:-build/bin/finops}
folder=${1:-build/example}
project=examples/cloud_provider_analytics
export CONFIG_PATH=$folder/config.toml

if [ -t 1 ]; then dim=$'\e[2m' plain=$'\e[0m'; else dim='' plain=''; fi
# Shows a command as a person would type it, and runs it.
show() {
  printf '%s$ finops %s%s\n' "$dim" "$*" "$plain"
  "$finops" "$@"
}

[ -x "$finops" ] || { echo "example: $finops is not built; run make example" >&2; exit 1; }
show demo generate --profile cloud-provider --out "$folder"
# 3 tells that rows went to quarantine, which is what the oddities of these data are for.
show dataset run --project "$project" --landing "$folder/landing" || { code=$?; [ "$code" = 3 ] || exit "$code"; }
show report --project "$project" --html "$folder/report.html"
printf '\nOpen %s in a browser. To use these commands yourself: export CONFIG_PATH=%s\n' "$folder/report.html" "$CONFIG_PATH"
