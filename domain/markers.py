"""Citation markers in texts: [1] points at the first passage of the prompt. Pure."""

from __future__ import annotations

import re

MARKER = re.compile(r"\s?\[(\d{1,3})\]")


def without_markers(text: str) -> str:
    """As for an earlier answer, whose numbers say nothing in a later prompt."""
    return MARKER.sub("", text)


def unnumbered(text: str) -> str:
    """With (3) for [3]: in a prompt nothing looks like a marker but those of its own passages."""
    return MARKER.sub(lambda match: match[0].replace("[", "(").replace("]", ")"), text)
