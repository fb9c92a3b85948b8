"""Documents into chunks: 300 to 500 tokens, cut between sentences, each beginning with the end of the one before.

Paragraphs stand on lines of their own. A shorter text is one chunk. A sentence longer than a chunk is cut between words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

SMALLEST, LARGEST, OVERLAP = 300, 500, 50
"""Tokens."""

_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[\"'“‘(]?[^\Wa-z_])")
_NUMBER = re.compile(r"\(?[\dIVXivx]{1,4}[.)]")
_HEADING = re.compile(r"^(?:\d+(?:\.\d+)*\.?\s+)?[^\W\d_a-z][^.!?:;]{1,70}$")


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk of a document's text. `page` is where it begins, `section` the heading above it."""

    ordinal: int
    page: int
    section: str | None
    tokens: int
    text: str


class _Unit(msgspec.Struct, frozen=True):
    """A sentence, or part of one that is too long; `ends` tells that its paragraph ends with it."""

    text: str
    tokens: int
    page: int
    section: str | None
    ends: bool


def chunk(pages: Iterable[tuple[int, str]], count_tokens: Callable[[str], int]) -> list[Piece]:
    """Cut (page number, text) pairs. Every word of the text is in a chunk, in order; the overlap alone stands twice."""
    pieces: list[Piece] = []
    current: list[_Unit] = []
    fresh = tokens = 0  # units of `current` that no earlier chunk has; tokens of all of them

    def close() -> None:
        nonlocal current, fresh, tokens
        text = "".join(unit.text + ("\n" if unit.ends else " ") for unit in current).strip()
        first = current[-fresh]
        pieces.append(
            Piece(
                ordinal=len(pieces),
                page=first.page,
                section=first.section,
                tokens=count_tokens(text),
                text=text,
            )
        )
        current = _tail(current)
        fresh, tokens = 0, sum(unit.tokens for unit in current)

    for unit in _units(pages, count_tokens):
        if fresh and tokens + unit.tokens > LARGEST:
            close()
            while current and tokens + unit.tokens > LARGEST:
                tokens -= current.pop(0).tokens
        current.append(unit)
        fresh += 1
        tokens += unit.tokens
        if unit.ends and tokens >= SMALLEST:
            close()
    if fresh:
        close()
    return pieces


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, none empty."""
    found: list[str] = []
    for part in _SENTENCE_END.split(text):
        if found and _NUMBER.fullmatch(found[-1]):
            found[-1] = f"{found[-1]} {part.strip()}"  # the number of a list's item is no sentence
        elif part.strip():
            found.append(part.strip())
    return found


def _tail(units: Sequence[_Unit]) -> list[_Unit]:
    """The last sentences of a chunk that fit into the overlap."""
    kept: list[_Unit] = []
    left = OVERLAP
    for unit in reversed(units[1:]):
        if unit.tokens > left:
            break
        kept.insert(0, unit)
        left -= unit.tokens
    return kept


def _units(pages: Iterable[tuple[int, str]], count_tokens: Callable[[str], int]) -> Iterator[_Unit]:
    section: str | None = None
    for page, text in pages:
        for paragraph in _paragraphs(text):
            if _HEADING.match(paragraph):
                section = paragraph
            found = sentences(paragraph)
            for place, sentence in enumerate(found, 1):
                parts = _fitting(sentence, count_tokens)
                for nth, (part, tokens) in enumerate(parts, 1):
                    yield _Unit(part, tokens, page, section, place == len(found) and nth == len(parts))


def _paragraphs(text: str) -> Iterator[str]:
    """Blank lines part paragraphs; where a text has none, as PDF text has not, headings and questions do."""
    lines: list[str] = []
    for line in [*text.splitlines(), ""]:
        line = " ".join(line.split())
        alone = bool(_HEADING.match(line)) and (not lines or lines[-1][-1] in ".!?…:") and len(line) < 60
        if not line or alone:
            if lines:
                yield " ".join(lines)
                lines = []
            if line:
                yield line
            continue
        lines.append(line)


def _fitting(sentence: str, count_tokens: Callable[[str], int]) -> list[tuple[str, int]]:
    """The sentence with its tokens, halved between words until each part fits into a chunk."""
    tokens = count_tokens(sentence)
    if tokens <= LARGEST:
        return [(sentence, tokens)]
    words = sentence.split()
    if len(words) == 1:
        half = len(sentence) // 2
        return [*_fitting(sentence[:half], count_tokens), *_fitting(sentence[half:], count_tokens)]
    half = len(words) // 2
    return [*_fitting(" ".join(words[:half]), count_tokens), *_fitting(" ".join(words[half:]), count_tokens)]
