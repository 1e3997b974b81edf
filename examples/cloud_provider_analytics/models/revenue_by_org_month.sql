-- Of an organisation that is there twice the first row counts.
WITH orgs AS (
  SELECT org_id, org_name, industry, plan_tier, hq_region
  FROM (
    SELECT
      org_id, org_name, industry, plan_tier, hq_region,
      row_number() OVER (PARTITION BY org_id ORDER BY source_file, source_line) AS place
    FROM silver.customers_orgs
  ) AS numbered
  WHERE place = 1
),
months AS (
  SELECT
    org_id,
    year_month,
    CAST(coalesce(sum(amount_usd), 0) AS DECIMAL(38,18)) AS total_billed_usd,
    CAST(coalesce(sum(credits_usd), 0) AS DECIMAL(38,18)) AS total_credits_usd,
    CAST(coalesce(sum(taxes_usd), 0) AS DECIMAL(38,18)) AS total_taxes_usd,
    CAST(coalesce(sum(net_amount_usd), 0) AS DECIMAL(38,18)) AS net_revenue,
    count(*) AS invoice_count
  FROM silver.billing_monthly
  GROUP BY org_id, year_month
)
SELECT months.*, orgs.org_name, orgs.industry, orgs.plan_tier, orgs.hq_region
FROM months LEFT JOIN orgs ON orgs.org_id = months.org_id
