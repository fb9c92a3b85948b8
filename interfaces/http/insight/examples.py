"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("put", "/v1/analytics/settings"): {
        "time_zone": "Europe/Berlin",
        "completion": "undisturbed",
        "revenue_per_booking": "40",
        "exchange_rates": {"EUR": "1.08"},
        "minutes_saved_per_answer": "4",
        "operator_cost_per_hour": "28.50",
        "targets": {"csat": 0.85},
    },
    ("post", "/v1/analytics/logins"): {"name": "quarterly report", "connections": 5},
}
