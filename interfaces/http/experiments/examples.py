"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.openapi import Examples

EXAMPLES: Examples = {
    ("post", "/v1/experiments"): {
        "name": "A warmer tone",
        "question": "Do customers find warm answers more helpful?",
        "arms": [
            {"name": "as-it-is", "share": 0.5},
            {"name": "warm", "share": 0.5, "variant": {"configuration": {"tone": "warm and personal"}}},
        ],
        "traffic": 0.5,
        "group": "tone",
        "goal": "helpful_rate",
        "limits": {"failure_rate": {"worse": 0.02}, "cost": {"worse": 0.2}},
    },
    ("post", "/v1/experiments/{experiment}/widen"): {"traffic": 1.0},
    ("post", "/v1/experiments/{experiment}/stop"): {"reason": "the campaign is over"},
    ("post", "/v1/experiments/{experiment}/conclude"): {
        "winner": "warm",
        "reason": "more helpful at the same cost",
    },
}
