"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.openapi import Examples

EXAMPLES: Examples = {
    ("post", "/v1/search"): {"query": "opening hours", "limit": 3},
}
