SELECT
  event_id,
  org_id,
  usage_date,
  service,
  metric,
  cost_usd_increment,
  source_file,
  source_line,
  true AS is_valid
FROM silver.usage_events
