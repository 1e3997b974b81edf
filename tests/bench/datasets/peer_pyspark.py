"""The example's datasets in PySpark's DataFrames, all cores of this machine. Amounts are decimals; averages, statistics and
scores are doubles. Rows are told apart by file, block and order in the block: Spark does not count lines."""
from stages import Stages

stages = Stages()
with stages.stage("start"):
    import functools

    from pyspark.sql import SparkSession, Window
    from pyspark.sql import functions as f
    from pyspark.sql.functions import broadcast, col, when
    from rules import CATEGORIES, DATASETS, EMAIL, EVENTS, SERVICES, SEVERITIES, TECHNICAL, codes

    spark = (SparkSession.builder.master("local[*]").appName("datasets")
             .config("spark.driver.memory", stages.memory or "2g")
             .config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
             .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "4")
             .config("spark.local.dir", str(stages.out / "spilled")).config("spark.log.level", "ERROR").getOrCreate())

AMOUNT = "decimal(18,8)"


def text_of(cell):
    text = f.trim(f.translate(cell, "\t", " "))
    return when(text != "", text)


READ = {
    "text": lambda text: text, "lower": f.lower, "upper": f.upper, "number": lambda text: text.try_cast(AMOUNT),
    "date": lambda text: text.try_cast("date"), "time": lambda text: text.try_cast("timestamp"),
    "truth": lambda text: when(f.lower(text) == "true", True).when(f.lower(text) == "false", False),
}
USD = col("currency").eqNullSafe("USD")
SCORE = {"nps_score_out_of_range": ~col("nps_score").between(-100, 100)}
FLAGS = {
    "customers_orgs": SCORE,
    "nps_surveys": SCORE,
    "billing_monthly": {"credit_note": col("subtotal") < 0, "usd_rate_ignored": USD & (col("exchange_rate_to_usd") != 1)},
    "support_tickets": {"csat_out_of_range": ~col("csat").between(1, 5),
                        "resolved_before_created": col("resolved_at") < col("created_at")},
    EVENTS: {"negative_cost": col("cost_usd_increment") < 0, "unit_imputed": col("unit").isNull() & col("value").isNotNull(),
             "unknown_org": col("org_id").isNotNull() & col("org_is_known").isNull(),
             "unknown_resource": col("resource_id").isNotNull() & col("resource_is_known").isNull()},
}
REASONS = {
    "users": {"email_malformed": ~col("email").rlike(EMAIL)},
    "resources": {"service_unknown": col("service").isNull() | ~col("service").isin(SERVICES)},
    "billing_monthly": {"exchange_rate_missing": ~USD & ~f.coalesce(col("exchange_rate_to_usd") > 0, f.lit(False))},
    "support_tickets": {"severity_unknown": col("severity").isNull() | ~col("severity").isin(SEVERITIES)},
    EVENTS: {"schema_version_unknown": col("schema_version").isNull() | ~col("schema_version").isin(1, 2)},
}
NPS = {"nps_score": when(col("nps_score").between(-100, 100), col("nps_score"))}
RATE = when(USD, f.lit(1).cast(AMOUNT)).when(col("exchange_rate_to_usd") > 0, col("exchange_rate_to_usd"))
DERIVED = {  # one after the other
    "customers_orgs": NPS,
    "nps_surveys": NPS,
    "billing_monthly": {
        "credits": f.coalesce("credits", f.lit(0).cast(AMOUNT)), "taxes": f.coalesce("taxes", f.lit(0).cast(AMOUNT)),
        "year_month": f.date_format("month", "yyyy-MM"), "exchange_rate": RATE,
        "amount_usd": (col("subtotal") * col("exchange_rate")).cast("decimal(38,18)"),
        "credits_usd": (col("credits") * col("exchange_rate")).cast("decimal(38,18)"),
        "taxes_usd": (col("taxes") * col("exchange_rate")).cast("decimal(38,18)"),
        "net_amount_usd": (col("amount_usd") - col("credits_usd") + col("taxes_usd")).cast("decimal(38,18)")},
    "support_tickets": {
        "csat": when(col("csat").between(1, 5), col("csat")),
        "resolution_hours": when(col("resolved_at") >= col("created_at"),
                                 (f.unix_micros("resolved_at") - f.unix_micros("created_at")) / 3600e6)},
    EVENTS: {"unit": when(col("unit").isNull() & col("value").isNotNull(), "unknown").otherwise(col("unit")),
             "usage_date": col("timestamp").cast("date")},
}


def joined_codes(conditions):
    return f.concat_ws(",", *[when(condition, code) for code, condition in sorted(conditions.items())])


def land(name):
    """Every cell as text, as it was delivered, with its file and its place among all rows."""
    schema = ", ".join(f"`{column}` string" for column in DATASETS[name].columns)
    if name == EVENTS:
        frame = spark.read.schema(schema).json(f"{stages.landing}/{name}_stream")
    else:
        frame = spark.read.schema(schema).csv(f"{stages.landing}/{name}.csv", header=True, escape='"', multiLine=True)
    folder = f"{name}_stream/" if name == EVENTS else ""
    return frame.select("*", f.concat(f.lit(folder), col("_metadata.file_name")).alias("source_file"),
                        f.struct(col("_metadata.file_name").alias("file"), col("_metadata.file_block_start").alias("block"),
                                 f.monotonically_increasing_id().alias("row")).alias("place"))


def cell_of(name, column):
    text = text_of(col(column))
    if name == EVENTS and column == "value":
        return when(~text.isin("null", "NaN"), text)
    if name == EVENTS and column in ("carbon_kg", "genai_tokens"):
        return when(text_of(col("schema_version")).try_cast(AMOUNT) >= 2, text)
    return text


def judged(name, silver):
    """All rows with types, flags and reasons; of what is delivered `raw` has the texts."""
    dataset = DATASETS[name]
    flags, reasons = dict(FLAGS.get(name, {})), dict(REASONS.get(name, {}))
    texts = land(name).select(f.struct(*dataset.columns).alias("raw"), "source_file", "place",
                              *[cell_of(name, column).alias(column) for column in dataset.columns])
    typed = texts.select(
        "raw", "source_file", "place", *[READ[kind](col(column)).alias(column) for column, kind in dataset.columns.items()],
        *[(col(column).isNull() if kind == "missing" else
           col(column).isNotNull() & READ[dataset.columns[column]](col(column)).isNull()).alias(code)
          for code, column, kind in codes(name)])
    for code, column, _ in codes(name):
        (reasons if column in dataset.required else flags)[code] = col(code)
    if name == EVENTS:
        orgs = silver["customers_orgs"].select("org_id", "org_name", "plan_tier", "industry", f.lit(True).alias("org_is_known"))
        resources = silver["resources"].select("resource_id", col("state").alias("resource_state"),
                                               f.lit(True).alias("resource_is_known"))
        typed = typed.join(broadcast(orgs), "org_id", "left").join(broadcast(resources), "resource_id", "left")
    frame = typed.withColumns({"flags": joined_codes(flags), "reasons": joined_codes(reasons)})
    for column, expression in DERIVED.get(name, {}).items():
        frame = frame.withColumn(column, expression)
    return frame.drop(*[code for code, _, _ in codes(name)], "org_is_known", "resource_is_known")


def split(name, silver):
    """Writes silver and quarantine: of the rows with one key the first valid one stays."""
    frame, key = judged(name, silver), DATASETS[name].key
    comes_again = f.lit(False)
    if key:
        first = f.min(when(col("reasons") == "", col("place"))).over(Window.partitionBy(key))
        frame = frame.withColumn("first", first)
        comes_again = f.coalesce(col("place") > col("first"), f.lit(False))
    every = f.array_join(f.array_sort(f.array_append(f.filter(f.split("reasons", ","), lambda code: code != ""),
                                                     f.lit("duplicate_key"))), ",")
    frame = frame.withColumn("reasons", when(comes_again, every).otherwise(col("reasons"))).drop("first").persist()
    valid, refused = frame.filter("reasons = ''"), frame.filter("reasons <> ''")
    valid.drop("raw", "reasons").write.parquet(stages.path("silver", name))
    refused.select("raw.*", "source_file", "place", "reasons").write.parquet(stages.path("quarantine", name))
    frame.unpersist()
    silver[name] = spark.read.parquet(stages.path("silver", name))


def anomalies(events):
    """Each event's cost among those of its service and metric."""
    group = ["service", "metric"]
    costs = events.filter("cost_usd_increment >= 0").select(*group, col("cost_usd_increment").cast("double").alias("cost"))
    centres = costs.groupBy(group).agg(
        f.count("*").alias("population_rows"), f.mean("cost").alias("mean"), f.stddev_samp("cost").alias("stddev"),
        f.percentile("cost", f.array(*map(f.lit, (0.01, 0.5, 0.99)))).alias("places"),
    ).filter("population_rows >= 10").select(
        *group, "population_rows", "mean", "stddev", col("places")[1].alias("median"),
        col("places")[0].alias("lower_percentile"), col("places")[2].alias("upper_percentile")).persist()
    distance = f.abs(col("cost") - col("median"))
    spreads = costs.join(broadcast(centres), group).groupBy(group).agg(
        f.median(distance).alias("mad"), f.mean(distance).alias("mean_deviation"))
    populations = centres.join(spreads, group).withColumn("is_known", f.lit(True))
    cost = col("cost_usd_increment").cast("double")
    scored = events.select("event_id", "org_id", "usage_date", *group, "cost_usd_increment", "source_file", "place").join(
        broadcast(populations.withColumnsRenamed({"service": "their_service", "metric": "their_metric"})),
        (col("service") == col("their_service")) & (col("metric") == col("their_metric")) & (col("cost_usd_increment") >= 0),
        "left")
    scored = scored.withColumns({
        "z_score": when(col("stddev") > 0, (cost - col("mean")) / col("stddev")),
        "mad_score": when(col("mad") > 0, 0.6745 * (cost - col("median")) / col("mad")).when(
            col("mean_deviation") > 0, (cost - col("median")) / (1.253314 * col("mean_deviation"))),
        "is_percentile": f.coalesce((cost < col("lower_percentile")) | (cost > col("upper_percentile")), f.lit(False))})
    return scored.withColumns({
        "is_zscore": f.coalesce(f.abs("z_score") > 3, f.lit(False)), "is_mad": f.coalesce(f.abs("mad_score") > 4, f.lit(False)),
        "is_anomaly": f.coalesce(f.abs("mad_score") > 4, f.lit(False)),
    }).drop("mean_deviation", "their_service", "their_metric", "is_known")


def sum_of(column, condition=None):
    return f.coalesce(f.sum(column if condition is None else when(condition, col(column))), f.lit(0).cast("decimal(38,18)"))


def of_tickets(*more):
    breached = f.count_if(f.coalesce("sla_breached", f.lit(False)))
    return [f.count("*").alias("total_tickets"), f.count("resolved_at").alias("resolved_tickets"),
            f.mean("resolution_hours").alias("avg_resolution_hours"), breached.alias("sla_breach_count"),
            (breached / f.count("*")).alias("sla_breach_rate"), f.mean(col("csat").cast("double")).alias("csat_avg"), *more]


def marts(silver, judged_costs):
    events = silver[EVENTS]
    tickets = silver["support_tickets"].withColumn("ticket_date", col("created_at").cast("date"))
    day, category = ["org_id", "usage_date", "service"], f.coalesce("category", f.lit(""))
    spikes, score = judged_costs.filter("is_anomaly"), f.max(f.abs("mad_score"))
    votes = functools.reduce(lambda a, b: a + b, [col(name).cast("int") for name in ("is_zscore", "is_mad", "is_percentile")])
    yield "org_daily_usage_by_service", events.groupBy(day).agg(
        f.count("*").alias("total_events"), sum_of("cost_usd_increment").alias("total_cost_usd"),
        sum_of("value", col("metric") == "requests").alias("total_requests"),
        sum_of("value", col("metric") == "cpu_hours").alias("cpu_hours"),
        sum_of("value", col("metric") == "storage_gb_hours").alias("storage_gb_hours"),
        sum_of("carbon_kg").alias("carbon_kg_total"), sum_of("genai_tokens").alias("genai_tokens_total"))
    yield "revenue_by_org_month", silver["billing_monthly"].groupBy("org_id", "year_month").agg(
        sum_of("amount_usd").alias("total_billed_usd"), sum_of("credits_usd").alias("total_credits_usd"),
        sum_of("taxes_usd").alias("total_taxes_usd"), sum_of("net_amount_usd").alias("net_revenue"),
        f.count("*").alias("invoice_count"),
    ).join(broadcast(silver["customers_orgs"].select("org_id", "org_name", "industry", "plan_tier", "hq_region")), "org_id", "left")
    yield "tickets_by_org_date", tickets.groupBy("org_id", "ticket_date", "severity").agg(*of_tickets(
        f.count_if(category == "billing").alias("billing_tickets"),
        f.count_if(category.isin(TECHNICAL)).alias("technical_tickets"),
        f.count_if(category == "security").alias("access_tickets"), f.count_if(~category.isin(CATEGORIES)).alias("other_tickets")))
    yield "tickets_by_date", tickets.groupBy("ticket_date", "severity").agg(*of_tickets())
    tokens, cost = f.sum("genai_tokens"), f.sum("cost_usd_increment")
    yield "genai_tokens_by_org_date", events.filter("schema_version = 2 AND genai_tokens > 0").groupBy(day).agg(
        tokens.alias("total_genai_tokens"), cost.alias("total_cost_usd"), f.count("*").alias("event_count"),
        f.mean(col("genai_tokens").cast("double")).alias("avg_tokens_per_event"),
        (cost.cast("double") * 1e6 / tokens.cast("double")).alias("cost_per_million_tokens"))
    yield "cost_anomaly_mart", spikes.groupBy(day).agg(
        f.count("*").alias("anomaly_count"), cost.alias("total_anomalous_cost"),
        f.mean(col("cost_usd_increment").cast("double")).alias("avg_anomalous_cost"),
        f.max("cost_usd_increment").alias("max_cost_spike"), f.min("cost_usd_increment").alias("min_cost"),
        f.count_if("is_zscore").alias("zscore_detections"), f.count_if("is_mad").alias("mad_detections"),
        f.count_if("is_percentile").alias("percentile_detections"), f.count_if(votes >= 2).alias("high_confidence"),
        f.count_if(votes == 3).alias("confirmed"), score.alias("max_score"),
        when(score >= 10, "critical").when(score >= 6, "high").otherwise("medium").alias("severity"))


silver = {}
for name in DATASETS:
    with stages.stage("silver"):
        split(name, silver)
with stages.stage("anomalies"):
    anomalies(silver[EVENTS]).write.parquet(stages.path("gold", "usage_cost_anomalies"))
with stages.stage("gold"):
    for name, frame in marts(silver, spark.read.parquet(stages.path("gold", "usage_cost_anomalies"))):
        frame.coalesce(1).write.parquet(stages.path("gold", name))
jvm = spark._jvm.java.lang.ProcessHandle.current().pid()
stages.finish(jvm)
spark.stop()
