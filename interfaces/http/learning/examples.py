"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.openapi import Examples

EXAMPLES: Examples = {
    ("post", "/v1/evaluations"): {
        "name": "a shorter prompt on the small model",
        "dataset": "0196f8a2-5d3e-7c11-b3a4-9f6f0c2d1e5b",
        "variant": {"configuration": {"tone": "brief", "document_results": 3}, "model": "openai/gpt-6-luna"},
        "minimum": {"quality": 0.4, "worse": 0.05},
        "pace": {"per_minute": 60, "at_once": 4},
        "most": "5",
    },
    ("post", "/v1/evaluations/{evaluation}/stop"): {"reason": "the wrong dataset"},
}
