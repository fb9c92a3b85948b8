"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("put", "/v1/flags/{flag}"): {"on": True, "percentage": 5},
    ("post", "/v1/flags/{flag}/rollout"): {
        "steps": [{"percentage": 20, "hold_hours": 24}, {"percentage": 100}],
        "automatic": False,
        "limits": {"failure_rate": {"worse": 0.02}, "cost": {"most": 0.01}},
    },
    ("post", "/v1/flags/{flag}/rollout/stop"): {"reason": "complaints by phone", "back": True},
}
