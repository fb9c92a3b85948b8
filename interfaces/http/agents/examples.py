"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("put", "/v1/agent/configuration"): {
        "name": "Nora",
        "tone": "warm",
        "default_model": "local/extractive",
        "restrictions": ["never promise a delivery date"],
    },
    ("post", "/v1/agent/configuration/restore"): {"version": 1},
}
