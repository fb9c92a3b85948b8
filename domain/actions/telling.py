"""What customers read of an action: wordings of the tenant's with arguments and results put in. What is put in is data: short, on one line, never
read as a wording. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.actions.declaration import Declaration, text_in
from domain.base.placeholders import PLACEHOLDER, one_line

LONGEST, MOST = 200, 12
"""Characters of a value that is put in; values that are told where there is no wording."""


def question(action: str, declared: Declaration, language: str | None, arguments: Mapping[str, Any]) -> str:
    """What is about to be done."""
    text = text_in(declared.confirm, language)
    if text is None:
        return "\n".join((declared.description.rstrip("."), *_lines(arguments)))
    return _filled(text, values(arguments))


def told(declared: Declaration, language: str | None, arguments: Mapping[str, Any], result: Any) -> str:
    """What came of it; empty where there is no wording, and the result has nothing that can be told."""
    found = values(result)
    text = text_in(declared.done, language)
    return "\n".join(_lines(result)) if text is None else _filled(text, {**values(arguments), **found})


def values(data: Any) -> dict[str, str]:
    """Name → text, of an object's own fields that are no objects or lists."""
    if not isinstance(data, Mapping):
        return {}
    found = ((str(name), _shown(value)) for name, value in data.items())
    return {name: text for name, text in found if text is not None}


def texts_in(data: Any) -> Sequence[str]:
    """All texts in it, names too, for whoever screens them."""
    if isinstance(data, str):
        return [data]
    if isinstance(data, Mapping):
        return [text for name, value in data.items() for text in (str(name), *texts_in(value))]
    if isinstance(data, Sequence):
        return [text for value in data for text in texts_in(value)]
    return []


def _filled(text: str, known: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: known.get(match[1], "–"), text)


def _lines(data: Any) -> list[str]:
    return [f"{name}: {text}" for name, text in values(data).items()][:MOST]


def _shown(value: object) -> str | None:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if not isinstance(value, str):
        return None
    return one_line(value, LONGEST)
