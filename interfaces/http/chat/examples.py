"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("post", "/v1/chat/completions"): {
        "model": "agent",
        "messages": [{"role": "user", "content": "When are you open on Saturdays?"}],
    },
    ("post", "/v1/completions"): {
        "model": "auto",
        "prompt": "A greeting for a shop that sells tents:",
        "max_tokens": 50,
    },
    ("post", "/v1/embeddings"): {
        "model": "local/wordllama-256",
        "input": ["When are you open?", "Can I send it back?"],
    },
    ("post", "/v1/responses"): {
        "model": "agent",
        "instructions": "Answer in one sentence.",
        "input": "When are you open on Saturdays?",
    },
}
