"""Placeholders in wordings: names in braces, filled in one pass; what is put in is data, and never read as a wording. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,47})\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069]+")


def placeholders(text: str) -> set[str]:
    """The names that stand in it."""
    return set(PLACEHOLDER.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders filled. A line of which nothing but empty values would be left goes."""
    lines = []
    for line in text.split("\n"):
        names = PLACEHOLDER.findall(line)
        if names and not any(values.get(name) for name in names) and not PLACEHOLDER.sub("", line).strip():
            continue
        lines.append(PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), line))
    return "\n".join(lines)


def one_line(value: str, longest: int) -> str:
    """What is put in: on one line, without control characters and marks of direction, of at most `longest` characters."""
    line = " ".join(_CONTROL.sub(" ", value).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
