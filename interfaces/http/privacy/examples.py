"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/customers/forget"): {"channel": "http", "address": "ann@example.com"},
    ("put", "/v1/retention"): {"days": 365},
}
