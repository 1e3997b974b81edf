SELECT
  org_id,
  usage_date,
  service,
  CAST(sum(genai_tokens) AS DECIMAL(38,18)) AS total_genai_tokens,
  CAST(sum(cost_usd_increment) AS DECIMAL(38,18)) AS total_cost_usd,
  count(*) AS event_count,
  decimal_quotient(sum(genai_tokens), CAST(count(*) AS DECIMAL(38,18))) AS avg_tokens_per_event,
  decimal_quotient(decimal_product(sum(cost_usd_increment), CAST(1000000 AS DECIMAL(38,18))),
                   sum(genai_tokens)) AS cost_per_million_tokens
FROM silver.usage_events
WHERE schema_version = 2 AND genai_tokens > 0
GROUP BY org_id, usage_date, service
