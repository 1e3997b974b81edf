SELECT
  org_id,
  usage_date,
  service,
  count(*) AS total_events,
  CAST(coalesce(sum(cost_usd_increment), 0) AS DECIMAL(38,18)) AS total_cost_usd,
  CAST(coalesce(sum(value) FILTER (WHERE metric = 'requests'), 0) AS DECIMAL(38,18)) AS total_requests,
  CAST(coalesce(sum(value) FILTER (WHERE metric = 'cpu_hours'), 0) AS DECIMAL(38,18)) AS cpu_hours,
  CAST(coalesce(sum(value) FILTER (WHERE metric = 'storage_gb_hours'), 0) AS DECIMAL(38,18)) AS storage_gb_hours,
  CAST(coalesce(sum(carbon_kg), 0) AS DECIMAL(38,18)) AS carbon_kg_total,
  CAST(coalesce(sum(genai_tokens), 0) AS DECIMAL(38,18)) AS genai_tokens_total
FROM silver.usage_events
GROUP BY org_id, usage_date, service
