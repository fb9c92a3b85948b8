"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.openapi import Examples

EXAMPLES: Examples = {
    ("post", "/v1/bot/feedback/submit"): {
        "agent_interaction_id": "0190a6f0-0000-7000-8000-000000000000",
        "rating": "not_helpful",
        "feedback_text": "The opening hours are out of date.",
    },
}
