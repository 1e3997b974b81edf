#!/usr/bin/env bash
# The tour of `make demo`: bills of known truth become a lake, with proof. Everything goes to demo-data/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
finops=build/bin/finops
config=demo-data/bills/config.toml

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
step=0
explain() { printf '\n%s%d. %s%s\n' "$bold" "$((++step))" "$1" "$plain"; }
# Shows a command as a person would type it, and runs it.
show() {
  local word line='finops'
  for word in "$@"; do
    [[ $word == *[[:space:]\(\)\*]* ]] && word="\"$word\""
    line+=" $word"
  done
  printf '%s$ %s%s\n' "$dim" "$line" "$plain"
  "$finops" "$@"
}

[ -x "$finops" ] || { echo "demo: $finops is not built; run make demo" >&2; exit 1; }
rm -rf demo-data
mkdir demo-data
export CONFIG_PATH=$config

explain "Two payers' AWS bills of three months: Savings Plans, reservations, credits, refunds, tax, two currencies."
show demo generate --out demo-data/bills

explain "From the delivered files to Iceberg tables. A month is published only if its receipt balances."
show aws run-pipeline

explain "The receipt: rows and money of the files = rows and money of the lake + what is in quarantine."
show receipt --source payer-a --period 2025-12

explain "A second reader, which shares no code with the first, reads the delivered bytes again and compares."
show receipt verify --source payer-a --period 2025-12

explain "Plain SQL. Sums are exact decimals; currencies are never added to each other."
show query "SELECT billing_period, line_item_currency_code AS currency, count(*) AS line_items,
       sum(line_item_unblended_cost) AS cost
FROM aws_billing_data GROUP BY ALL ORDER BY ALL"
show query "SELECT line_item_product_code AS service, sum(line_item_unblended_cost) AS cost
FROM aws_billing_data WHERE line_item_currency_code = 'USD' GROUP BY ALL ORDER BY cost DESC LIMIT 5"

explain "Once more: everything is there already, so nothing is read and nothing changes."
show aws run-pipeline

explain "AWS corrects a month. Only that month is replaced, and the old version stays readable."
show demo generate --out demo-data/bills --restate
show aws run-pipeline
show history

printf '\nThe lake is in %s. Next: finops doctor, finops query, make test.\n' "$(dirname "$config")/data"
# shellcheck disable=SC2016 # the variables are for the reader's shell
printf 'To use these commands yourself: export CONFIG_PATH=%s PATH=$PWD/build/bin:$PATH\n' "$config"
