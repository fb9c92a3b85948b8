"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/alerts/{alert}/silence"): {
        "until": "2026-12-01T06:00:00Z",
        "reason": "the provider has announced maintenance",
    },
    ("post", "/v1/alerts/{alert}/acknowledge"): {"note": "Anna looks at it"},
    ("put", "/v1/alerts/rules/{rule}"): {
        "metric": "p95_latency",
        "threshold": 3.0,
        "warning": 2.0,
        "window_minutes": 30,
        "minimum": 20,
        "severity": "critical",
        "for_minutes": 5,
        "description": "Answers are slow.",
    },
    ("post", "/v1/alerts/channels"): {
        "kind": "slack",
        "name": "on call",
        "settings": {"url": "https://hooks.slack.com/services/T000/B000/XXXX"},
    },
    ("put", "/v1/alerts/channels/{channel}"): {"name": "on call", "settings": {}, "enabled": False},
}
