"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("put", "/v1/budgets"): {"day": "25", "month": "400", "soft": [0.8, 1.0], "on_hard": "degrade"},
}
