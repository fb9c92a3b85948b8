"""What a vendor says that an answer used, checked before anything is charged by it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from domain.models.completion import Usage
from domain.models.usage_forms import MOST, TEXT

LARGEST_USAGE = 100_000
"""Bytes of the provider's own usage that are kept; the largest ones have some thousand."""


DEEPEST = 8
"""Levels within it that are kept as they are; the vendors' have three. What is deeper is kept as a text."""


SHORT = 200
"""Characters of a served model's name, or a request's id, that are kept."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says that it counted, unchecked, as `domain.models.completion.Usage` means it."""

    input: Any = None
    cached: Any = None
    written: Any = None
    output: Any = None
    reasoning: Any = None


def checked_usage(counts: Counts) -> Usage | None:
    """Parts are bounded by their sums."""
    given, taken = count_of(counts.input), count_of(counts.output)
    if given is None or taken is None:
        return None
    cached = min(count_of(counts.cached) or 0, given)
    return Usage(
        input=given,
        cached=cached,
        written=min(count_of(counts.written) or 0, given - cached),
        output=taken,
        reasoning=min(count_of(counts.reasoning) or 0, taken),
    )


def count_of(value: Any) -> int | None:
    """None for what is no count: of another type, negative or beyond all bounds."""
    return value if type(value) is int and 0 <= value <= MOST else None


def kept_usage(raw: dict[str, Any]) -> dict[str, Any]:
    """As an event can hold it: what is too deep, or has a number of more than 64 bits or a half of a character, as a JSON text."""
    try:
        if not deeper(raw, DEEPEST) and len(msgspec.msgpack.encode(raw)) <= LARGEST_USAGE:
            return raw
    except (OverflowError, ValueError):
        pass
    try:
        return {TEXT: json.dumps(raw, separators=(",", ":"))[:LARGEST_USAGE]}
    except RecursionError:
        return {TEXT: "nested too deeply to be kept"}


def deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(deeper(each, levels - 1) for each in inner)


def plain_name(name: str | None) -> str:
    """As much of a server's word for something as is kept."""
    return "".join(filter(str.isprintable, (name or "")[:SHORT]))
