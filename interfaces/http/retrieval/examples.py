"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

ENTRY = {
    "kind": "question_answer",
    "title": "Do you ship to Austria?",
    "content": "Yes: to Austria and Switzerland, in three to five days, for 9.90 €.",
    "keywords": ["delivery abroad", "shipping costs"],
    "category": "Shipping",
    "priority": 7,
}
EXAMPLES: Examples = {
    ("post", "/v1/knowledge"): ENTRY,
    ("put", "/v1/knowledge/{entry}"): ENTRY,
    ("post", "/v1/knowledge/search"): {"query": "shipping abroad", "limit": 3, "category": "Shipping"},
    ("put", "/v1/embedding-model"): {"model": "local/wordllama-256"},
    ("post", "/v1/search"): {"query": "opening hours", "limit": 3},
    ("post", "/v1/catalog/search"): {"query": "Do you have the blu mug?", "in_stock": True, "limit": 5},
}
