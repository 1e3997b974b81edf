"""Seconds of the same queries on finops' view and on one Parquet file of DuckDB's: queries.py FINOPS.duckdb 'LAKE FILES' FILE.parquet REPEAT.

Says a JSON list of {"name", "filter", "ours", "files", "theirs", "problem"}: the seconds of all runs on the view, on the lake's files without
the view, and on DuckDB's file; and what is wrong when the rows of the first and the last are not the same. All are asked in one connection, in
turns.
"""
import json
import sys
import time

import duckdb

# (what is filtered, name, SQL); {t} is the table, {account}, {resource} and {line} are values of it.
QUERIES = [
    ("nothing", "sum of all", "SELECT count(*), sum(line_item_unblended_cost) FROM {t}"),
    ("nothing", "by service", "SELECT line_item_product_code, sum(line_item_unblended_cost) FROM {t} GROUP BY 1 ORDER BY 1"),
    ("nothing", "by month and account",
     "SELECT billing_period, line_item_usage_account_id, sum(line_item_unblended_cost) FROM {t} GROUP BY 1, 2 ORDER BY 1, 2"),
    ("nothing", "by tag", "SELECT resource_tags_user_project, resource_tags_user_environment, sum(line_item_unblended_cost) FROM {t} "
     "GROUP BY 1, 2 ORDER BY 1, 2"),
    ("nothing", "distinct resources", "SELECT count(DISTINCT line_item_resource_id) FROM {t}"),
    ("nothing", "top 20 resources",
     "SELECT line_item_resource_id, sum(line_item_unblended_cost) AS cost FROM {t} GROUP BY 1 ORDER BY cost DESC, 1 LIMIT 20"),
    ("billing_period", "month by service",
     "SELECT line_item_product_code, sum(line_item_unblended_cost) FROM {t} WHERE billing_period = '2025-07' GROUP BY 1 ORDER BY 1"),
    ("billing_period", "month by account and day",
     "SELECT line_item_usage_account_id, CAST(line_item_usage_start_date AS DATE), sum(line_item_unblended_cost) FROM {t} "
     "WHERE billing_period = '2025-07' GROUP BY 1, 2 ORDER BY 1, 2"),
    ("billing_period", "month, all columns of an account",
     "SELECT count(*), bit_xor(hash(COLUMNS(*))) FROM {t} WHERE billing_period = '2025-07' AND line_item_usage_account_id = '{account}'"),
    ("source", "source by type",
     "SELECT line_item_line_item_type, sum(line_item_unblended_cost) FROM {t} WHERE source = 'payer-b' GROUP BY 1 ORDER BY 1"),
    ("source", "source and month, top 20 resources",
     "SELECT line_item_resource_id, sum(line_item_unblended_cost) AS cost FROM {t} WHERE source = 'payer-b' AND billing_period = '2025-08' "
     "GROUP BY 1 ORDER BY cost DESC, 1 LIMIT 20"),
    ("usage time", "one day by service",
     "SELECT line_item_product_code, sum(line_item_unblended_cost) FROM {t} WHERE line_item_usage_start_date >= TIMESTAMP '2025-07-10' "
     "AND line_item_usage_start_date < TIMESTAMP '2025-07-11' GROUP BY 1 ORDER BY 1"),
    ("usage time", "one month of usage",
     "SELECT count(*), sum(line_item_unblended_cost) FROM {t} WHERE line_item_usage_start_date >= TIMESTAMP '2025-07-01' "
     "AND line_item_usage_start_date < TIMESTAMP '2025-08-01'"),
    ("other columns", "one account by day",
     "SELECT CAST(line_item_usage_start_date AS DATE), sum(line_item_unblended_cost) FROM {t} "
     "WHERE line_item_usage_account_id = '{account}' GROUP BY 1 ORDER BY 1"),
    ("other columns", "one resource", "SELECT count(*), sum(line_item_unblended_cost) FROM {t} WHERE line_item_resource_id = '{resource}'"),
    ("other columns", "one line", "SELECT source_file, source_line, line_item_unblended_cost FROM {t} WHERE identity_line_item_id = '{line}'"),
    ("other columns", "words of descriptions",
     "SELECT count(*), sum(line_item_unblended_cost) FROM {t} WHERE line_item_line_item_description LIKE '%request%'"),
]


def timed(connection, sql):
    began = time.perf_counter()
    rows = connection.execute(sql).fetchall()
    return time.perf_counter() - began, rows


def compared(connection, sql, values, repeat):
    ours, files, theirs, problem = [], [], [], None
    for _ in range(repeat):
        (our_time, our_rows), (file_time, _), (their_time, their_rows) = (timed(connection, sql.format(t=table, **values))
                                                                          for table in ("aws_billing_data", "files", "theirs"))
        ours.append(our_time)
        files.append(file_time)
        theirs.append(their_time)
        if not their_rows or their_rows[0][0] == 0:
            problem = "finds nothing, so that it tells nothing"
        elif our_rows != their_rows:
            problem = f"{len(our_rows)} rows from {str(our_rows[:1])[:200]}, DuckDB's file has {len(their_rows)} from {str(their_rows[:1])[:200]}"
    return {"ours": ours, "files": files, "theirs": theirs, "problem": problem}


def main(database, files, parquet, repeat):
    connection = duckdb.connect(database, read_only=True)
    connection.execute("SET TimeZone = 'UTC'")  # the view's times have none, the files' do
    connection.execute(f"CREATE TEMP VIEW files AS SELECT * FROM read_parquet('{files}')")
    connection.execute(f"CREATE TEMP VIEW theirs AS SELECT * FROM read_parquet('{parquet}')")
    # From the middle: bounds of row groups would tell where the first and the last are not.
    account, resource, line = connection.execute(
        "SELECT quantile_disc(line_item_usage_account_id, 0.5), quantile_disc(line_item_resource_id, 0.5), "
        "quantile_disc(identity_line_item_id, 0.5) FROM theirs").fetchone()
    values = {"account": account, "resource": resource, "line": line}
    print(json.dumps([{"name": name, "filter": what} | compared(connection, sql, values, int(repeat)) for what, name, sql in QUERIES]))


if __name__ == "__main__":
    main(*sys.argv[1:])
