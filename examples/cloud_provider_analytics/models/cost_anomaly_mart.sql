SELECT
  org_id,
  usage_date,
  service,
  count(*) AS anomaly_count,
  CAST(sum(cost_usd_increment) AS DECIMAL(38,18)) AS total_anomalous_cost,
  decimal_quotient(sum(cost_usd_increment), CAST(count(*) AS DECIMAL(38,18))) AS avg_anomalous_cost,
  max(cost_usd_increment) AS max_cost_spike,
  min(cost_usd_increment) AS min_cost,
  count(*) FILTER (WHERE is_zscore) AS zscore_detections,
  count(*) FILTER (WHERE is_mad) AS mad_detections,
  count(*) FILTER (WHERE is_percentile) AS percentile_detections,
  count(*) FILTER (WHERE CAST(is_zscore AS INTEGER) + CAST(is_mad AS INTEGER) + CAST(is_percentile AS INTEGER) >= 2)
    AS high_confidence,
  count(*) FILTER (WHERE is_zscore AND is_mad AND is_percentile) AS confirmed,
  max(abs(mad_score)) AS max_score,
  CASE WHEN max(abs(mad_score)) >= 10 THEN 'critical'
       WHEN max(abs(mad_score)) >= 6 THEN 'high'
       ELSE 'medium' END AS severity
FROM gold.usage_cost_anomalies
WHERE is_anomaly AND is_valid
GROUP BY org_id, usage_date, service
