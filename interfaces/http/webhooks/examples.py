"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

_SHOP = {
    "url": "https://shop.example.com/hooks/retrace",
    "events": ["conversation.answered", "document.*"],
    "description": "the shop's own inbox",
}

EXAMPLES: Examples = {
    ("post", "/v1/webhooks"): _SHOP,
    ("put", "/v1/webhooks/{endpoint}"): {**_SHOP, "enabled": True},
    ("post", "/v1/webhooks/{endpoint}/replay"): {"first": 1, "last": 40},
}
