-- Averages are of the tickets, not of the averages of organisations.
SELECT
  CAST(created_at AS DATE) AS ticket_date,
  severity,
  count(*) AS total_tickets,
  count(resolved_at) AS resolved_tickets,
  decimal_quotient(sum(resolution_hours), CAST(count(resolution_hours) AS DECIMAL(38,18))) AS avg_resolution_hours,
  count(*) FILTER (WHERE sla_breached) AS sla_breach_count,
  decimal_quotient(CAST(count(*) FILTER (WHERE sla_breached) AS DECIMAL(38,18)),
                   CAST(count(*) AS DECIMAL(38,18))) AS sla_breach_rate,
  decimal_quotient(sum(csat), CAST(count(csat) AS DECIMAL(38,18))) AS csat_avg
FROM silver.support_tickets
GROUP BY CAST(created_at AS DATE), severity
