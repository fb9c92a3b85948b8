"""Citation markers in texts: [1] points at the first passage of the prompt. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

MARKER = re.compile(r"\s?\[(\d{1,3})\]")
NUMBER = re.compile(r"\[(\d{1,3})\]")
"""Without what stands before it: found a hundred times as fast in a long text."""

_PARTED = r"\s?[,;\-–]\s?"
_LIST = rf"\d{{1,3}}(?:{_PARTED}\d{{1,3}}){{0,9}}"
_OTHER = re.compile(rf"[\[【](?:\^?({_LIST})|(\d{{1,3}})(?::\d{{1,3}})?†[\w. ]{{0,30}})[\]】]")
"""How models write markers as well: [1, 2], [1-3], [^1], 【1】, 【1†source】."""

_RANGE = re.compile(r"(\d{1,3})(?:\s?[\-–]\s?(\d{1,3}))?")

OPEN = re.compile(r"\s?[\[【][\^\d,;:\-–\s]{0,80}(?:†[\w. ]{0,30})?\Z|\s\Z")
"""What may become a marker with what comes next."""


def canonical(text: str) -> str:
    """With each marker written as [1], however a model has written it."""
    return _OTHER.sub(lambda match: "".join(f"[{number}]" for number in _numbers(match)), text)


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
    return _OTHER.sub(lambda match: f"({match[1] or match[2]})", text)


def _numbers(match: re.Match[str]) -> Iterator[int]:
    for first, last in _RANGE.findall(match[1] or match[2]):
        begin, end = int(first), int(last or first)
        yield from range(begin, end + 1) if begin <= end < begin + 10 else (begin, end)
