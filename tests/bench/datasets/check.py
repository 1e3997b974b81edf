"""Whether a peer did the same work as finops: check.py FINOPS.duckdb PEER_OUT. One line of JSON: {"problems", "rows"}.

Silver and quarantine must have the same rows of the same codes, gold the same rows and cells: decimals to the last digit,
doubles within TOLERANCE of the larger of 1 and finops' value."""
import json
import pathlib
import sys

import duckdb
from rules import DATASETS, GOLD

TOLERANCE, PROJECT, MOST_SHOWN = 1e-9, "cloud_provider_analytics", 5
KEYS = {"org_daily_usage_by_service": ["org_id", "usage_date", "service"], "revenue_by_org_month": ["org_id", "year_month"],
        "tickets_by_org_date": ["org_id", "ticket_date", "severity"], "tickets_by_date": ["ticket_date", "severity"],
        "genai_tokens_by_org_date": ["org_id", "usage_date", "service"],
        "usage_cost_anomalies": ["event_id"], "cost_anomaly_mart": ["org_id", "usage_date", "service"]}
NOT_THERE = {"usage_cost_anomalies": ["is_valid", "votes", "source_file", "source_line"]}  # finops' own, or the place of a row


class Check:
    def __init__(self, database, out):
        self.sql, self.out, self.problems, self.rows, self.doubles = duckdb.connect(), pathlib.Path(out), [], 0, set()
        self.sql.execute(f"SET threads = 2; ATTACH '{database}' AS lake (READ_ONLY)")

    def peer(self, layer, name):
        return f"read_parquet('{self.out}/{layer}/{name}.parquet{'/*.parquet' if self.is_folder(layer, name) else ''}')"

    def is_folder(self, layer, name):
        return (self.out / layer / f"{name}.parquet").is_dir()

    def columns(self, relation):
        return {name: kind for name, kind, *_ in self.sql.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}

    def one(self, query):
        return self.sql.execute(query).fetchall()

    def codes(self, table, relation, theirs, column):
        """Rows by their codes: {codes: rows}."""
        ours = f"array_to_string(from_json({column}, '[\"VARCHAR\"]'), ',')"
        wanted = dict(self.one(f"SELECT {ours}, count(*) FROM {relation} GROUP BY 1"))
        found = dict(self.one(f"SELECT {column}, count(*) FROM {theirs} GROUP BY 1"))
        for text in sorted(wanted.keys() | found.keys()):
            if wanted.get(text) != found.get(text):
                self.problems.append(f"{table}: {found.get(text, 0)} rows of {column} {text!r} instead of {wanted.get(text, 0)}")

    def datasets(self):
        for name in DATASETS:
            self.codes(name, f"lake.{PROJECT}_silver.{name}", self.peer("silver", name), "flags")
            self.codes(f"quarantine of {name}", f"lake.{PROJECT}_silver.{name}_quarantine", self.peer("quarantine", name),
                       "reasons")

    def gold(self):
        for name in GOLD:
            ours, theirs = f"lake.{PROJECT}_gold.{name}", self.peer("gold", name)
            kinds = self.columns(theirs)
            columns = [column for column in self.columns(ours) if column not in NOT_THERE.get(name, [])]
            missing = [column for column in columns if column not in kinds]
            if missing:
                self.problems.append(f"{name}: without {', '.join(missing)}")
                continue
            rows, found = (self.one(f"SELECT count(*) FROM {one}")[0][0] for one in (ours, theirs))
            self.rows += rows
            if rows != found:
                self.problems.append(f"{name}: {found} rows instead of {rows}")
            self.cells(name, ours, theirs, columns, kinds)

    def cells(self, name, ours, theirs, columns, kinds):
        """Every row of finops has one of the peer, and each of its cells is the same."""
        on = " AND ".join(f"a.{key} IS NOT DISTINCT FROM b.{key}" for key in KEYS[name])
        wrong = []
        for column in columns:
            if kinds[column] in ("DOUBLE", "FLOAT"):
                self.doubles.add(f"{name}.{column}")
                value = f"CAST(a.{column} AS DOUBLE)"
                wrong.append(f"(a.{column} IS NULL) <> (b.{column} IS NULL) OR "
                             f"abs({value} - b.{column}) > {TOLERANCE} * greatest(1, abs({value}))")
            else:
                wrong.append(f"a.{column} IS DISTINCT FROM b.{column}")
        counts = ", ".join(f"count(*) FILTER (WHERE b.found IS NULL OR {one})" for one in wrong)
        found = self.one(f"SELECT {counts} FROM {ours} AS a LEFT JOIN (SELECT *, true AS found FROM {theirs}) AS b ON {on}")[0]
        self.problems += [f"{name}: {count} rows have another {column}" for column, count in zip(columns, found) if count]


if __name__ == "__main__":
    check = Check(*sys.argv[1:])
    check.datasets()
    check.gold()
    print(json.dumps({"problems": check.problems[:MOST_SHOWN], "problem_count": len(check.problems), "rows": check.rows,
                      "doubles": sorted(check.doubles)}))
