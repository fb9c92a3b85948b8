"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/audit/wrote"): {"text": "Express shipping costs 12.50 euros."},
}
