"""Citation markers in texts: [1] points at the first passage of the prompt. Pure."""

from __future__ import annotations

import re

MARKER = re.compile(r"\s?\[(\d{1,3})\]")
NUMBER = re.compile(r"\[(\d{1,3})\]")
"""Without what stands before it: found a hundred times as fast in a long text."""


def without_markers(text: str) -> str:
    """As for an earlier answer, whose numbers say nothing in a later prompt."""
    parts, end = list[str](), 0
    for match in NUMBER.finditer(text):
        start = match.start()
        parts.append(text[end : start - 1 if start > end and text[start - 1].isspace() else start])
        end = match.end()
    return "".join((*parts, text[end:]))


def unnumbered(text: str) -> str:
    """With (3) for [3]: in a prompt nothing looks like a marker but those of its own passages."""
    return NUMBER.sub(lambda match: f"({match[1]})", text)
