"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.openapi import Examples

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
}
