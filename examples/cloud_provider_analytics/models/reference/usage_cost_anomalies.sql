-- As published: events that are then quarantined are judged too, and are part of the population.
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
UNION ALL
SELECT
  read_text(event_id),
  read_text(org_id),
  CAST(read_timestamp(read_text("timestamp")) AS DATE),
  lower(read_text(service)),
  lower(read_text(metric)),
  read_decimal(read_text(cost_usd_increment)),
  source_file,
  source_line,
  false
FROM silver.usage_events_quarantine
WHERE read_decimal(read_text(cost_usd_increment)) IS NOT NULL
  AND NOT contains(reasons, '"line_unreadable"')
