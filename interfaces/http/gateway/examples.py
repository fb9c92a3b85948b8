"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/providers/health/reset"): {"provider": "openai", "model": "gpt-6-luna"},
    ("put", "/v1/providers/{provider}/key"): {"key": "sk-0123456789abcdef"},
    ("put", "/v1/routing"): {
        "tiers": {
            "simple_queries": {"provider": "openai", "model": "gpt-6-luna", "reason": "quick and cheap"},
            "default": {"provider": "openai", "model": "gpt-6.1-terra", "reason": "the usual one"},
            "complex_reasoning": {"provider": "openai", "model": "gpt-6.1-sol", "reason": "thinks first"},
            "large_context": {
                "provider": "gemini",
                "model": "gemini-3.8-flash",
                "reason": "reads a million tokens",
            },
        },
        "thresholds": {"simple_below": 0.3, "complex_above": 0.7, "large_context_above": 100_000},
        "failover": ["openai/gpt-6.1-terra", "local/extractive"],
    },
    ("post", "/v1/routing/restore"): {"version": 1},
    ("post", "/v1/routing/explain"): {"text": "Compare the two plans for 15 people, please.", "turns": 2},
}
