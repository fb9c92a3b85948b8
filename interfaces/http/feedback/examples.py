"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/bot/feedback/submit"): {
        "agent_interaction_id": "0190a6f0-0000-7000-8000-000000000000",
        "rating": "not_helpful",
        "feedback_text": "The opening hours are out of date.",
    },
    ("post", "/v1/bot/corrections"): {
        "agent_interaction_id": "0190a5c4-7d3e-7c11-9c1d-3f6d2b8e4a10",
        "human_response": "We are open on Sundays from ten to four.",
        "reason": "It said that we are closed.",
        "category": "wrong_information",
        "operator": {"name": "Bea"},
    },
    ("post", "/v1/bot/corrections/{correction}/approve"): {
        "approved": True,
        "quality_score": 4.5,
        "operator": {"name": "Carl"},
    },
    ("put", "/v1/bot/corrections/review"): {"four_eyes": True},
}
