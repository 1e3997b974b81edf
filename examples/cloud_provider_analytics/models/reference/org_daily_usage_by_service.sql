-- As published: requests are counted by their events, and the other two metrics have names that no event has.
SELECT
  org_id,
  usage_date,
  service,
  count(*) AS total_events,
  CAST(coalesce(sum(cost_usd_increment), 0) AS DECIMAL(38,18)) AS total_cost_usd,
  count(*) FILTER (WHERE metric = 'requests') AS total_requests,
  CAST(coalesce(sum(value) FILTER (WHERE metric = 'cpu_utilization'), 0) AS DECIMAL(38,18)) AS cpu_hours,
  CAST(coalesce(sum(value) FILTER (WHERE metric = 'storage'), 0) AS DECIMAL(38,18)) AS storage_gb_hours,
  CAST(coalesce(sum(carbon_kg), 0) AS DECIMAL(38,18)) AS carbon_kg_total,
  CAST(coalesce(sum(genai_tokens), 0) AS DECIMAL(38,18)) AS genai_tokens_total
FROM silver.usage_events
GROUP BY org_id, usage_date, service
