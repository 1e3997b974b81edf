"""What the peers have in common of examples/cloud_provider_analytics, semantics `corrected`: columns with their types. All else
is written in each peer by itself, in its own words.

Codes of flags and reasons are joined by commas in alphabetical order; rows are told apart by file and order in the file."""
import dataclasses


@dataclasses.dataclass
class Dataset:
    columns: dict  # of each delivered column its type: text, lower, upper, number, date, time, truth
    required: list
    key: str = None


DATASETS = {
    "customers_orgs": Dataset(
        {"org_id": "text", "org_name": "text", "industry": "lower", "hq_region": "lower", "plan_tier": "lower",
         "is_enterprise": "truth", "signup_date": "date", "sales_rep": "text", "lifecycle_stage": "lower",
         "marketing_source": "lower", "nps_score": "number"}, ["org_id", "org_name"], "org_id"),
    "users": Dataset(
        {"user_id": "text", "org_id": "text", "email": "lower", "role": "lower", "active": "truth", "created_at": "date",
         "last_login": "time"}, ["user_id", "org_id", "email"], "user_id"),
    "resources": Dataset(
        {"resource_id": "text", "org_id": "text", "service": "lower", "region": "lower", "created_at": "date",
         "state": "lower", "tags_json": "text"}, ["resource_id", "org_id"], "resource_id"),
    "billing_monthly": Dataset(
        {"invoice_id": "text", "org_id": "text", "month": "date", "subtotal": "number", "credits": "number",
         "taxes": "number", "currency": "upper", "exchange_rate_to_usd": "number"},
        ["invoice_id", "org_id", "subtotal"], "invoice_id"),
    "support_tickets": Dataset(
        {"ticket_id": "text", "org_id": "text", "category": "lower", "severity": "lower", "created_at": "time",
         "resolved_at": "time", "csat": "number", "sla_breached": "truth"}, ["ticket_id", "org_id"], "ticket_id"),
    "marketing_touches": Dataset(
        {"touch_id": "text", "org_id": "text", "campaign": "lower", "channel": "lower", "timestamp": "time",
         "clicked": "truth", "converted": "truth"}, ["touch_id", "org_id"], "touch_id"),
    "nps_surveys": Dataset(
        {"org_id": "text", "survey_date": "date", "nps_score": "number", "comment": "text"}, ["org_id", "survey_date"]),
    "usage_events": Dataset(
        {"event_id": "text", "timestamp": "time", "org_id": "text", "resource_id": "text", "service": "lower",
         "region": "lower", "metric": "lower", "value": "number", "unit": "lower", "cost_usd_increment": "number",
         "schema_version": "number", "carbon_kg": "number", "genai_tokens": "number"},
        ["event_id", "timestamp", "org_id", "resource_id", "cost_usd_increment"], "event_id"),
}
EVENTS = "usage_events"
SERVICES = ["compute", "storage", "database", "networking", "analytics", "genai"]
SEVERITIES = ["low", "medium", "high", "critical"]
EMAIL = r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$"
TECHNICAL = ["availability", "integration", "performance"]
CATEGORIES = ["billing", "security", *TECHNICAL]
GOLD = ["org_daily_usage_by_service", "revenue_by_org_month", "tickets_by_org_date", "tickets_by_date",
        "genai_tokens_by_org_date", "usage_cost_anomalies", "cost_anomaly_mart"]


def codes(name):
    """(code, column, kind) of what the types alone say: kind is missing or unreadable, the code a reason if required."""
    dataset = DATASETS[name]
    for column, kind in dataset.columns.items():
        if column in dataset.required:
            yield f"{column}_missing", column, "missing"
        if kind in ("number", "date", "time", "truth"):
            yield f"{column}_unreadable", column, "unreadable"
