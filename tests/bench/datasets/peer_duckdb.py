"""The example's datasets in plain DuckDB SQL. Amounts are decimals; averages, statistics and scores are doubles."""
from stages import Stages

stages = Stages()
with stages.stage("start"):
    import duckdb
    from rules import CATEGORIES, DATASETS, EMAIL, EVENTS, GOLD, SERVICES, SEVERITIES, TECHNICAL, codes

    sql = duckdb.connect(config={"temp_directory": str(stages.out / "spilled")})
    if stages.memory:
        sql.execute(f"SET memory_limit = '{stages.memory}'")
    sql.execute("CREATE MACRO text_of(cell) AS nullif(trim(cell, E' \\t'), '')")

READ = {"text": "text_of({})", "lower": "lower(text_of({}))", "upper": "upper(text_of({}))",
        "number": "TRY_CAST(text_of({}) AS DECIMAL(18,8))", "date": "TRY_CAST(text_of({}) AS DATE)",
        "time": "TRY_CAST(text_of({}) AS TIMESTAMP)", "truth": "TRY_CAST(text_of({}) AS BOOLEAN)"}
OF_VERSION_2 = "CASE WHEN TRY_CAST(text_of(schema_version) AS DECIMAL(18,8)) >= 2 THEN {} END"
CELLS = {"value": "CASE WHEN text_of(value) NOT IN ('null', 'NaN') THEN value END",
         "carbon_kg": OF_VERSION_2.format("carbon_kg"), "genai_tokens": OF_VERSION_2.format("genai_tokens")}
SCORE = {"nps_score_out_of_range": "nps_score NOT BETWEEN -100 AND 100"}
FLAGS = {
    "customers_orgs": SCORE,
    "nps_surveys": SCORE,
    "billing_monthly": {"credit_note": "subtotal < 0",
                        "usd_rate_ignored": "currency = 'USD' AND exchange_rate_to_usd <> 1"},
    "support_tickets": {"csat_out_of_range": "csat NOT BETWEEN 1 AND 5",
                        "resolved_before_created": "resolved_at < created_at"},
    EVENTS: {"negative_cost": "cost_usd_increment < 0", "unit_imputed": "unit IS NULL AND value IS NOT NULL",
             "unknown_org": "org_id IS NOT NULL AND org_id NOT IN (SELECT org_id FROM customers_orgs)",
             "unknown_resource": "resource_id IS NOT NULL AND resource_id NOT IN (SELECT resource_id FROM resources)"},
}
REASONS = {
    "users": {"email_malformed": f"NOT regexp_matches(email, '{EMAIL}')"},
    "resources": {"service_unknown": f"service IS NULL OR service NOT IN {tuple(SERVICES)}"},
    "billing_monthly": {"exchange_rate_missing":
                        "currency IS DISTINCT FROM 'USD' AND coalesce(exchange_rate_to_usd, 0) <= 0"},
    "support_tickets": {"severity_unknown": f"severity IS NULL OR severity NOT IN {tuple(SEVERITIES)}"},
    EVENTS: {"schema_version_unknown": "schema_version IS NULL OR schema_version NOT IN (1, 2)"},
}
NPS = "judged.* REPLACE (CASE WHEN nps_score BETWEEN -100 AND 100 THEN nps_score END AS nps_score)"
DERIVED = {
    "customers_orgs": NPS,
    "nps_surveys": NPS,
    "billing_monthly": """judged.* REPLACE (coalesce(credits, 0) AS credits, coalesce(taxes, 0) AS taxes),
        strftime(month, '%Y-%m') AS year_month,
        CAST(CASE WHEN currency = 'USD' THEN 1 WHEN exchange_rate_to_usd > 0 THEN exchange_rate_to_usd END
             AS DECIMAL(19,8)) AS exchange_rate,
        subtotal * exchange_rate AS amount_usd,
        coalesce(judged.credits, 0) * exchange_rate AS credits_usd,
        coalesce(judged.taxes, 0) * exchange_rate AS taxes_usd,
        amount_usd - credits_usd + taxes_usd AS net_amount_usd""",
    "support_tickets": """judged.* REPLACE (CASE WHEN csat BETWEEN 1 AND 5 THEN csat END AS csat),
        CASE WHEN resolved_at >= created_at THEN (epoch_us(resolved_at) - epoch_us(created_at)) / 3600e6 END
          AS resolution_hours""",
    EVENTS: """judged.* REPLACE (CASE WHEN unit IS NULL AND value IS NOT NULL THEN 'unknown' ELSE unit END AS unit),
        CAST("timestamp" AS DATE) AS usage_date,
        orgs.org_name, orgs.plan_tier, orgs.industry, resources.state AS resource_state""",
}
JOINS = {EVENTS: """LEFT JOIN customers_orgs AS orgs ON orgs.org_id = judged.org_id
                    LEFT JOIN resources ON resources.resource_id = judged.resource_id"""}


def joined_codes(conditions):
    cases = ", ".join(f"CASE WHEN {condition} THEN '{code}' END" for code, condition in sorted(conditions.items()))
    return f"concat_ws(',', {cases})" if cases else "''"


def land(name):
    """Every cell as text, as it was delivered; rowid is the order of files and lines."""
    columns = DATASETS[name].columns
    if name == EVENTS:
        types = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
        source = (f"read_json('{stages.landing}/{name}_stream/*.jsonl', format='newline_delimited', "
                  f"columns={{{types}}}, filename='source_file')")
    else:
        source = f"read_csv('{stages.landing}/{name}.csv', all_varchar=true, filename='source_file')"
    prefix = len(str(stages.landing)) + 2
    sql.execute(f"CREATE TABLE {name}_bronze AS SELECT * REPLACE (substr(source_file, {prefix}) AS source_file) FROM {source}")


def judge(name):
    """Types, flags and reasons of every row, by its place in bronze."""
    dataset, typed = DATASETS[name], []
    flags, reasons = dict(FLAGS.get(name, {})), dict(REASONS.get(name, {}))
    cells = {column: CELLS.get(column, f'"{column}"') if name == EVENTS else f'"{column}"' for column in dataset.columns}
    for column, kind in dataset.columns.items():
        typed.append(READ[kind].format(cells[column]) + f' AS "{column}"')
    helpers = []
    for code, column, kind in codes(name):
        is_unreadable = f"{READ[dataset.columns[column]].format(cells[column])} IS NULL"
        text = f"text_of({cells[column]})"
        typed.append(f"{text} IS NULL AS {code}" if kind == "missing" else f"{text} IS NOT NULL AND {is_unreadable} AS {code}")
        (reasons if column in dataset.required else flags)[code] = code
        helpers.append(code)
    sql.execute(f"""
        CREATE TABLE {name}_judged AS
        WITH typed AS (SELECT {", ".join(typed)}, source_file, rowid AS place FROM {name}_bronze),
        judged AS (SELECT *, {joined_codes(flags)} AS flags, {joined_codes(reasons)} AS reasons FROM typed)
        SELECT {DERIVED.get(name, "judged.*")} FROM judged {JOINS.get(name, "")}""".replace(
        "judged.*", f"judged.* EXCLUDE ({', '.join(helpers)})" if helpers else "judged.*"))
    sql.execute(f"CREATE TABLE {name}_repeated AS " + (f"""
        SELECT {dataset.key}, min(place) FILTER (WHERE reasons = '') AS first FROM {name}_judged
        GROUP BY {dataset.key} HAVING count(*) > 1""" if dataset.key else "SELECT NULL AS first LIMIT 0"))


def split(name):
    """Silver and quarantine: of the rows with one key the first valid one stays."""
    key = DATASETS[name].key
    join = f"LEFT JOIN {name}_repeated USING ({key})" if key else f"LEFT JOIN {name}_repeated ON false"
    sql.execute(f"""
        CREATE TABLE {name} AS SELECT judged.* EXCLUDE (reasons) FROM {name}_judged AS judged {join}
        WHERE reasons = '' AND (first IS NULL OR place <= first)""")
    sql.execute(f"""
        COPY (SELECT bronze.*, CASE WHEN place > first THEN array_to_string(list_sort(string_split(
                concat_ws(',', nullif(reasons, ''), 'duplicate_key'), ',')), ',') ELSE reasons END AS reasons, place
              FROM {name}_judged AS judged {join} JOIN {name}_bronze AS bronze ON bronze.rowid = place
              WHERE reasons <> '' OR place > first)
        TO '{stages.path("quarantine", name)}' (FORMAT parquet)""")
    sql.execute(f"COPY {name} TO '{stages.path('silver', name)}' (FORMAT parquet)")
    sql.execute(f"DROP TABLE {name}_bronze; DROP TABLE {name}_judged; DROP TABLE {name}_repeated")


TICKETS = """count(*) AS total_tickets, count(resolved_at) AS resolved_tickets, avg(resolution_hours) AS avg_resolution_hours,
    count(*) FILTER (WHERE sla_breached) AS sla_breach_count, sla_breach_count / total_tickets AS sla_breach_rate,
    avg(csat) AS csat_avg"""
MODELS = {
    "usage_cost_anomalies": """
        WITH costs AS (
          SELECT service, metric, CAST(cost_usd_increment AS DOUBLE) AS cost FROM usage_events WHERE cost_usd_increment >= 0
        ), centres AS (
          SELECT service, metric, count(*) AS population_rows, avg(cost) AS mean, stddev_samp(cost) AS stddev,
                 quantile_cont(cost, [0.01, 0.5, 0.99]) AS places
          FROM costs GROUP BY ALL HAVING count(*) >= 10
        ), spreads AS (
          SELECT service, metric, median(abs(cost - places[2])) AS mad, avg(abs(cost - places[2])) AS mean_deviation
          FROM costs JOIN centres USING (service, metric) GROUP BY ALL
        ), populations AS (
          SELECT service, metric, population_rows, mean, stddev, places[2] AS median, mad, mean_deviation,
                 places[1] AS lower_percentile, places[3] AS upper_percentile
          FROM centres JOIN spreads USING (service, metric)
        ), scored AS (
          SELECT event_id, org_id, usage_date, usage_events.service, usage_events.metric, cost_usd_increment, source_file, place,
                 (cost_usd_increment - mean) / nullif(stddev, 0) AS z_score,
                 CASE WHEN mad = 0 THEN (cost_usd_increment - median) / nullif(1.253314 * mean_deviation, 0)
                      ELSE 0.6745 * (cost_usd_increment - median) / mad END AS mad_score,
                 coalesce(cost_usd_increment < lower_percentile OR cost_usd_increment > upper_percentile, false)
                   AS is_percentile,
                 population_rows, mean, stddev, median, mad, lower_percentile, upper_percentile
          FROM usage_events LEFT JOIN populations
            ON usage_events.service = populations.service AND usage_events.metric = populations.metric
            AND cost_usd_increment >= 0
        )
        SELECT *, coalesce(abs(z_score) > 3, false) AS is_zscore, coalesce(abs(mad_score) > 4, false) AS is_mad,
               is_mad AS is_anomaly
        FROM scored""",
    "org_daily_usage_by_service": """
        SELECT org_id, usage_date, service, count(*) AS total_events, sum(cost_usd_increment) AS total_cost_usd,
               coalesce(sum(value) FILTER (WHERE metric = 'requests'), 0) AS total_requests,
               coalesce(sum(value) FILTER (WHERE metric = 'cpu_hours'), 0) AS cpu_hours,
               coalesce(sum(value) FILTER (WHERE metric = 'storage_gb_hours'), 0) AS storage_gb_hours,
               coalesce(sum(carbon_kg), 0) AS carbon_kg_total, coalesce(sum(genai_tokens), 0) AS genai_tokens_total
        FROM usage_events GROUP BY ALL""",
    "revenue_by_org_month": """
        WITH months AS (
          SELECT org_id, year_month, sum(amount_usd) AS total_billed_usd, sum(credits_usd) AS total_credits_usd,
                 sum(taxes_usd) AS total_taxes_usd, sum(net_amount_usd) AS net_revenue, count(*) AS invoice_count
          FROM billing_monthly GROUP BY ALL
        )
        SELECT months.*, org_name, industry, plan_tier, hq_region FROM months LEFT JOIN customers_orgs USING (org_id)""",
    "tickets_by_org_date": f"""
        SELECT org_id, CAST(created_at AS DATE) AS ticket_date, severity, {TICKETS},
               count(*) FILTER (WHERE category = 'billing') AS billing_tickets,
               count(*) FILTER (WHERE category IN {tuple(TECHNICAL)}) AS technical_tickets,
               count(*) FILTER (WHERE category = 'security') AS access_tickets,
               count(*) FILTER (WHERE coalesce(category, '') NOT IN {tuple(CATEGORIES)}) AS other_tickets
        FROM support_tickets GROUP BY ALL""",
    "tickets_by_date": f"SELECT CAST(created_at AS DATE) AS ticket_date, severity, {TICKETS} FROM support_tickets GROUP BY ALL",
    "genai_tokens_by_org_date": """
        SELECT org_id, usage_date, service, sum(genai_tokens) AS total_genai_tokens,
               sum(cost_usd_increment) AS total_cost_usd, count(*) AS event_count,
               total_genai_tokens / event_count AS avg_tokens_per_event,
               CAST(total_cost_usd AS DOUBLE) * 1e6 / CAST(total_genai_tokens AS DOUBLE) AS cost_per_million_tokens
        FROM usage_events WHERE schema_version = 2 AND genai_tokens > 0 GROUP BY ALL""",
    "cost_anomaly_mart": """
        SELECT org_id, usage_date, service, count(*) AS anomaly_count, sum(cost_usd_increment) AS total_anomalous_cost,
               avg(cost_usd_increment) AS avg_anomalous_cost, max(cost_usd_increment) AS max_cost_spike,
               min(cost_usd_increment) AS min_cost, count(*) FILTER (WHERE is_zscore) AS zscore_detections,
               count(*) FILTER (WHERE is_mad) AS mad_detections,
               count(*) FILTER (WHERE is_percentile) AS percentile_detections,
               count(*) FILTER (WHERE is_zscore::INTEGER + is_mad::INTEGER + is_percentile::INTEGER >= 2) AS high_confidence,
               count(*) FILTER (WHERE is_zscore AND is_mad AND is_percentile) AS confirmed,
               max(abs(mad_score)) AS max_score,
               CASE WHEN max_score >= 10 THEN 'critical' WHEN max_score >= 6 THEN 'high' ELSE 'medium' END AS severity
        FROM usage_cost_anomalies WHERE is_anomaly GROUP BY org_id, usage_date, service""",
}


for name in DATASETS:
    with stages.stage("bronze"):
        land(name)
    with stages.stage("silver"):
        judge(name)
        split(name)
for name in GOLD:
    with stages.stage("anomalies" if name == "usage_cost_anomalies" else "gold"):
        sql.execute(f"CREATE TABLE {name} AS {MODELS[name]}")
        sql.execute(f"COPY {name} TO '{stages.path('gold', name)}' (FORMAT parquet)")
stages.finish()
