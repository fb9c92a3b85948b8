"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

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
    ("post", "/v1/deployments"): {
        "name": "shorter answers",
        "evaluation": "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b",
        "plan": {
            "steps": [
                {"percentage": 10, "hold_hours": 24},
                {"percentage": 50, "hold_hours": 24},
                {"percentage": 100},
            ],
            "limits": {"helpful_rate": {"worse": 0.05}, "cost": {"worse": 0.2}},
        },
        "shadow": {"share": 0.2, "most": 100},
    },
    ("post", "/v1/deployments/{deployment}/stop"): {"reason": "the campaign begins tomorrow"},
    ("post", "/v1/deployments/{deployment}/rollback"): {"reason": "complaints by phone"},
    ("post", "/v1/deployments/releases/rollback"): {"reason": "complaints by phone", "release": 1},
}
