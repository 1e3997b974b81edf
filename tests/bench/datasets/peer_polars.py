"""The example's datasets in Polars, lazily. Amounts are decimals; averages, statistics and scores are doubles."""
from stages import Stages

stages = Stages()
with stages.stage("start"):
    import polars as pl
    from polars import col
    from rules import CATEGORIES, DATASETS, EMAIL, EVENTS, SERVICES, SEVERITIES, TECHNICAL, codes

AMOUNT, BLANKS = pl.Decimal(38, 8), " \t"


def text_of(cell):
    text = cell.str.strip_chars(BLANKS)
    return pl.when(text != "").then(text)


def time_of(text):
    return pl.coalesce(text.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False),
                       text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")))


READ = {
    "text": lambda text: text, "lower": lambda text: text.str.to_lowercase(), "upper": lambda text: text.str.to_uppercase(),
    "number": lambda text: text.cast(AMOUNT, strict=False), "date": lambda text: text.str.to_date("%Y-%m-%d", strict=False),
    "time": time_of, "truth": lambda text: text.str.to_lowercase().replace_strict(
        {"true": True, "false": False}, default=None, return_dtype=pl.Boolean),
}
SCORE = {"nps_score_out_of_range": ~col("nps_score").is_between(-100, 100)}
USD = col("currency").eq_missing("USD")
FLAGS = {
    "customers_orgs": SCORE,
    "nps_surveys": SCORE,
    "billing_monthly": {"credit_note": col("subtotal") < 0, "usd_rate_ignored": USD & (col("exchange_rate_to_usd") != 1)},
    "support_tickets": {"csat_out_of_range": ~col("csat").is_between(1, 5),
                        "resolved_before_created": col("resolved_at") < col("created_at")},
    EVENTS: {"negative_cost": col("cost_usd_increment") < 0, "unit_imputed": col("unit").is_null() & col("value").is_not_null(),
             "unknown_org": col("org_id").is_not_null() & col("org_is_known").is_null(),
             "unknown_resource": col("resource_id").is_not_null() & col("resource_is_known").is_null()},
}
REASONS = {
    "users": {"email_malformed": ~col("email").str.contains(EMAIL)},
    "resources": {"service_unknown": ~col("service").is_in(SERVICES).fill_null(False)},
    "billing_monthly": {"exchange_rate_missing": ~USD & ~(col("exchange_rate_to_usd") > 0).fill_null(False)},
    "support_tickets": {"severity_unknown": ~col("severity").is_in(SEVERITIES).fill_null(False)},
    EVENTS: {"schema_version_unknown": ~col("schema_version").is_in([1, 2]).fill_null(False)},
}
NPS = [pl.when(col("nps_score").is_between(-100, 100)).then("nps_score")]
RATE = pl.when(USD).then(pl.lit(1).cast(AMOUNT)).when(col("exchange_rate_to_usd") > 0).then("exchange_rate_to_usd")
DERIVED = {  # one list after the other
    "customers_orgs": [NPS],
    "nps_surveys": [NPS],
    "billing_monthly": [
        [col("credits", "taxes").fill_null(0), col("month").dt.strftime("%Y-%m").alias("year_month"), RATE.alias("exchange_rate")],
        [(col(name) * col("exchange_rate")).alias(to)
         for name, to in (("subtotal", "amount_usd"), ("credits", "credits_usd"), ("taxes", "taxes_usd"))],
        [(col("amount_usd") - col("credits_usd") + col("taxes_usd")).alias("net_amount_usd")]],
    "support_tickets": [[
        pl.when(col("csat").is_between(1, 5)).then("csat"),
        pl.when(col("resolved_at") >= col("created_at"))
        .then((col("resolved_at") - col("created_at")).dt.total_microseconds() / 3600e6).alias("resolution_hours")]],
    EVENTS: [[pl.when(col("unit").is_null() & col("value").is_not_null()).then(pl.lit("unknown")).otherwise("unit").alias("unit"),
              col("timestamp").dt.date().alias("usage_date")]],
}


def joined_codes(conditions):
    if not conditions:
        return pl.lit("")
    return pl.concat_str([pl.when(condition).then(pl.lit(code)) for code, condition in sorted(conditions.items())],
                         separator=",", ignore_nulls=True)


def land(name):
    """Every cell as text, as it was delivered, with its file and its place among all rows."""
    schema = dict.fromkeys(DATASETS[name].columns, pl.String)
    marks = {"include_file_paths": "source_file", "row_index_name": "place"}
    if name == EVENTS:
        frame = pl.scan_ndjson(f"{stages.landing}/{name}_stream/*.jsonl", schema=schema, **marks)
    else:
        frame = pl.scan_csv(f"{stages.landing}/{name}.csv", schema=schema, **marks)
    return frame.with_columns(col("source_file").str.strip_prefix(f"{stages.landing}/"))


def cell_of(name, column):
    text = text_of(col(column))
    if name == EVENTS and column == "value":
        return pl.when(~text.is_in(["null", "NaN"])).then(text)
    if name == EVENTS and column in ("carbon_kg", "genai_tokens"):
        return pl.when(text_of(col("schema_version")).cast(AMOUNT, strict=False) >= 2).then(text)
    return text


def judged(name, silver):
    """All rows with types, flags and reasons."""
    dataset, bronze = DATASETS[name], land(name)
    flags, reasons = dict(FLAGS.get(name, {})), dict(REASONS.get(name, {}))
    typed = bronze.select(
        *[READ[kind](cell_of(name, column)).alias(column) for column, kind in dataset.columns.items()],
        *[(cell_of(name, column).is_null() if kind == "missing" else
           cell_of(name, column).is_not_null() & READ[dataset.columns[column]](cell_of(name, column)).is_null()).alias(code)
          for code, column, kind in codes(name)],
        "source_file", "place")
    for code, column, _ in codes(name):
        (reasons if column in dataset.required else flags)[code] = col(code)
    if name == EVENTS:
        typed = typed.join(silver["customers_orgs"].select("org_id", "org_name", "plan_tier", "industry", org_is_known=True),
                           on="org_id", how="left")
        typed = typed.join(silver["resources"].select("resource_id", resource_state="state", resource_is_known=True),
                           on="resource_id", how="left")
    frame = typed.with_columns(joined_codes(flags).alias("flags"), joined_codes(reasons).alias("reasons"))
    for expressions in DERIVED.get(name, []):
        frame = frame.with_columns(expressions)
    return frame.drop([code for code, _, _ in codes(name)] + (["org_is_known", "resource_is_known"] if name == EVENTS else []))


def split(name, silver):
    """(silver, quarantine) with their rows on their way to files: of the rows with one key the first valid one stays."""
    frame, key = judged(name, silver), DATASETS[name].key
    comes_again = pl.lit(False)
    if key:
        first = frame.group_by(key).agg(pl.len().alias("times"), col("place").filter(col("reasons") == "").min().alias("first"))
        frame = frame.join(first.filter(col("times") > 1).drop("times"), on=key, how="left")
        comes_again = (col("place") > col("first")).fill_null(False)
    valid = (col("reasons") == "") & ~comes_again
    with_duplicate = pl.concat_list(col("reasons").str.split(",").list.eval(pl.element().filter(pl.element() != "")),
                                    pl.lit(["duplicate_key"])).list.sort().list.join(",")
    refused = frame.filter(~valid).select("place", pl.when(comes_again).then(with_duplicate).otherwise("reasons").alias("reasons"))
    quarantine = land(name).join(refused, on="place", how="inner")
    return frame.filter(valid).drop(["reasons", "first"] if key else ["reasons"]), quarantine


def anomalies(events):
    """Each event's cost among those of its service and metric."""
    group, cost = ["service", "metric"], col("cost")
    costs = events.filter(col("cost_usd_increment") >= 0).select(*group, cost=col("cost_usd_increment").cast(pl.Float64))
    centres = costs.group_by(group).agg(
        pl.len().alias("population_rows"), cost.mean().alias("mean"), cost.std().alias("stddev"), cost.median().alias("median"),
        cost.quantile(0.01, "linear").alias("lower_percentile"), cost.quantile(0.99, "linear").alias("upper_percentile"),
        (cost - cost.median()).abs().median().alias("mad"), (cost - cost.median()).abs().mean().alias("mean_deviation"),
    ).filter(col("population_rows") >= 10)
    amount = pl.when(col("cost_usd_increment") >= 0).then(col("cost_usd_increment").cast(pl.Float64))
    distance = amount - col("median")
    scored = events.select("event_id", "org_id", "usage_date", *group, "cost_usd_increment", "source_file", "place").join(
        centres, on=group, how="left", nulls_equal=True).with_columns(
        z_score=pl.when(col("stddev") > 0).then((amount - col("mean")) / col("stddev")),
        mad_score=pl.when(col("mad") > 0).then(0.6745 * distance / col("mad"))
        .when(col("mean_deviation") > 0).then(distance / (1.253314 * col("mean_deviation"))),
        is_percentile=((amount < col("lower_percentile")) | (amount > col("upper_percentile"))).fill_null(False))
    known = [pl.when(amount.is_not_null()).then(name).alias(name) for name in
             ("population_rows", "mean", "stddev", "median", "mad", "lower_percentile", "upper_percentile")]
    is_mad = (col("mad_score").abs() > 4).fill_null(False)
    return scored.with_columns(*known, is_zscore=(col("z_score").abs() > 3).fill_null(False), is_mad=is_mad,
                               is_anomaly=is_mad).drop("mean_deviation")


def of_tickets(*more):
    breached = col("sla_breached").fill_null(False)
    return [pl.len().alias("total_tickets"), col("resolved_at").count().alias("resolved_tickets"),
            col("resolution_hours").mean().alias("avg_resolution_hours"), breached.sum().alias("sla_breach_count"),
            breached.mean().alias("sla_breach_rate"), col("csat").mean().alias("csat_avg"), *more]


def marts(silver, judged_costs):
    events, tickets = silver[EVENTS], silver["support_tickets"].with_columns(ticket_date=col("created_at").dt.date())
    day, category = ["org_id", "usage_date", "service"], col("category").fill_null("")
    spikes, score = judged_costs.filter("is_anomaly"), col("mad_score").abs().max()
    votes = pl.sum_horizontal("is_zscore", "is_mad", "is_percentile")

    def value_of(metric):
        return col("value").filter(col("metric") == metric).sum()

    yield "org_daily_usage_by_service", events.group_by(day).agg(
        total_events=pl.len(), total_cost_usd=col("cost_usd_increment").sum(), total_requests=value_of("requests"),
        cpu_hours=value_of("cpu_hours"), storage_gb_hours=value_of("storage_gb_hours"),
        carbon_kg_total=col("carbon_kg").sum(), genai_tokens_total=col("genai_tokens").sum())
    yield "revenue_by_org_month", silver["billing_monthly"].group_by("org_id", "year_month").agg(
        total_billed_usd=col("amount_usd").sum(), total_credits_usd=col("credits_usd").sum(),
        total_taxes_usd=col("taxes_usd").sum(), net_revenue=col("net_amount_usd").sum(), invoice_count=pl.len(),
    ).join(silver["customers_orgs"].select("org_id", "org_name", "industry", "plan_tier", "hq_region"), on="org_id", how="left")
    yield "tickets_by_org_date", tickets.group_by("org_id", "ticket_date", "severity").agg(of_tickets(
        (category == "billing").sum().alias("billing_tickets"), category.is_in(TECHNICAL).sum().alias("technical_tickets"),
        (category == "security").sum().alias("access_tickets"), (~category.is_in(CATEGORIES)).sum().alias("other_tickets")))
    yield "tickets_by_date", tickets.group_by("ticket_date", "severity").agg(of_tickets())
    tokens = events.filter((col("schema_version") == 2) & (col("genai_tokens") > 0))
    yield "genai_tokens_by_org_date", tokens.group_by(day).agg(
        total_genai_tokens=col("genai_tokens").sum(), total_cost_usd=col("cost_usd_increment").sum(), event_count=pl.len(),
        avg_tokens_per_event=col("genai_tokens").mean(),
    ).with_columns(cost_per_million_tokens=col("total_cost_usd").cast(pl.Float64) * 1e6
                   / col("total_genai_tokens").cast(pl.Float64))
    yield "cost_anomaly_mart", spikes.group_by(day).agg(
        anomaly_count=pl.len(), total_anomalous_cost=col("cost_usd_increment").sum(),
        avg_anomalous_cost=col("cost_usd_increment").mean(), max_cost_spike=col("cost_usd_increment").max(),
        min_cost=col("cost_usd_increment").min(), zscore_detections=col("is_zscore").sum(), mad_detections=col("is_mad").sum(),
        percentile_detections=col("is_percentile").sum(), high_confidence=(votes >= 2).sum(), confirmed=(votes == 3).sum(),
        max_score=score, severity=pl.when(score >= 10).then(pl.lit("critical")).when(score >= 6).then(pl.lit("high"))
        .otherwise(pl.lit("medium")))


def write(tables):
    """Tables of [(layer, name, frame)] to their files, all in one pass."""
    pl.collect_all([frame.sink_parquet(stages.path(layer, name), lazy=True) for layer, name, frame in tables], engine="streaming")


silver = {}
with stages.stage("silver"):
    small, tables = [name for name in DATASETS if name != EVENTS], []
    for names in (small, [EVENTS]):
        tables = []
        for name in names:
            valid, quarantine = split(name, silver)
            tables += [("silver", name, valid), ("quarantine", name, quarantine)]
        write(tables)
        silver |= {name: pl.scan_parquet(stages.path("silver", name)) for name in names}
with stages.stage("anomalies"):
    write([("gold", "usage_cost_anomalies", anomalies(silver[EVENTS]))])
with stages.stage("gold"):
    write([("gold", name, frame)
           for name, frame in marts(silver, pl.scan_parquet(stages.path("gold", "usage_cost_anomalies")))])
stages.finish()
