"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

_STATUS = {
    "description": "Tells where an order is",
    "effect": "read",
    "target": {"type": "http", "url": "https://shop.example.com/actions/order-status"},
    "arguments": {
        "type": "object",
        "properties": {"order": {"type": "string", "maxLength": 40}},
        "required": ["order"],
    },
    "result": {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]},
    "done": {"en": "Your order {order} is {status}.", "de": "Ihre Bestellung {order}: {status}."},
    "rule": {"words": ["where is my order", "wo ist meine bestellung"], "arguments": {"order": "order"}},
}

EXAMPLES: Examples = {
    ("put", "/v1/actions/{name}"): _STATUS,
    ("post", "/v1/action-calls/{call}/approve"): {"operator": {"name": "Ada"}},
    ("post", "/v1/action-calls/{call}/decline"): {"operator": {"name": "Ada"}},
    ("post", "/v1/action-calls/{call}/settle"): {"operator": {"name": "Ada"}, "outcome": "done"},
}
