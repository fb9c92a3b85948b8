"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("put", "/v1/models"): {
        "id": "together/nordfell/support-8b",
        "context_window": 32_768,
        "max_output": 4_096,
        "abilities": ["stream", "system"],
    },
    ("put", "/v1/prices"): {
        "model": "together/nordfell/support-8b",
        "input": "0.20",
        "cached": "0.05",
        "output": "0.60",
    },
    ("post", "/v1/prices/corrections"): {
        "corrects": "openai/gpt-6.1-terra@2026-10-26",
        "input": "0.95",
        "cached": "0.05",
        "output": "4.75",
        "reason": "our contract has a discount of 5 %",
    },
}
