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
  nullif(trim(event_id, E' \t'), ''),
  nullif(trim(org_id, E' \t'), ''),
  CAST(read_timestamp(trim("timestamp", E' \t')) AS DATE),
  nullif(lower(trim(service, E' \t')), ''),
  nullif(lower(trim(metric, E' \t')), ''),
  read_decimal(trim(cost_usd_increment, E' \t')),
  source_file,
  source_line,
  false
FROM silver.usage_events_quarantine
WHERE read_decimal(trim(cost_usd_increment, E' \t')) IS NOT NULL
  AND NOT contains(reasons, '"line_unreadable"')
