"""Examples of bodies, for the description at /schema."""

from __future__ import annotations

from interfaces.http.base.described.description import Examples

EXAMPLES: Examples = {
    ("put", "/v1/prompts/{name}"): {
        "text": "I'm asking Sam, who will write to you here before six.",
        "texts": {"de": "Ich frage Sam. Sie bekommen hier bis sechs Uhr eine Antwort."},
    },
}
