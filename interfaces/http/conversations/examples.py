"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/messages"): {
        "customer": {"channel": "http", "address": "ann@example.com", "name": "Ann"},
        "text": "When are you open on Saturdays?",
        "message_id": "app-4711",
        "wait": 30,
    },
    ("post", "/v1/conversations/{conversation}/claim"): {"operator": {"name": "Bea"}},
    ("post", "/v1/conversations/{conversation}/reply"): {
        "operator": {"name": "Bea"},
        "text": "Hello Ann, I have looked it up: we are open until six.",
    },
    ("post", "/v1/conversations/{conversation}/release"): {"operator": {"name": "Bea"}},
    ("post", "/v1/conversations/{conversation}/close"): {"reason": "solved"},
    ("post", "/v1/bookings"): {
        "customer": {"channel": "http", "address": "ann@example.com", "name": "Ann"},
        "service": "0198c5f2-7d9a-7c3e-9a51-3d1f6f0a2b4c",
        "start": "2026-12-07T09:00:00+01:00",
        "note": "By the window, please.",
    },
    ("post", "/v1/bookings/{booking}/move"): {"start": "2026-12-07T09:45:00+01:00"},
    ("post", "/v1/orders"): {
        "customer": {"channel": "http", "address": "ann@example.com", "name": "Ann"},
        "lines": [{"product": "0198c5f2-7d9a-7c3e-9a51-3d1f6f0a2b4d", "quantity": 2}],
        "note": "As a present, please.",
    },
}
