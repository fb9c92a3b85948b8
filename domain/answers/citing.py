"""What becomes of a completion: the text that is told, citations that point at passages of the prompt, and how sure the agent is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.models.completion import Citation, Completion, Passage
from domain.retrieval.markers import MARKER

_OPEN = re.compile(r"\s?\[\d{0,3}\Z|\s\Z")
"""What may become a marker with what comes next."""


class Telling:
    """A completion on its way to whoever asked: takes its pieces, gives those of the text that is told.

    That has no white space around it, and no markers but [1] to [`markers`]; None: they are none of ours, and stay. In whatever
    pieces a completion comes, the text is the same.
    """

    def __init__(self, markers: int | None) -> None:
        self._markers = markers
        self._open = ""
        self._white = ""
        self._begun = False

    def take(self, piece: str) -> str:
        """What can be told by now; may be empty."""
        text = self._open + piece
        match = None if self._markers is None else _OPEN.search(text)
        end = len(text) if match is None else match.start()
        self._open = text[end:]
        return self._told(text[:end])

    def end(self) -> str:
        """What is left, once all has come."""
        return self._told(self._open)

    def _told(self, text: str) -> str:
        text = self._white + MARKER.sub(self._kept, text)
        if not self._begun:
            text = text.lstrip()
        told = text.rstrip()
        self._white = text[len(told) :]
        self._begun = self._begun or bool(told)
        return told

    def _kept(self, match: re.Match[str]) -> str:
        return match[0] if self._markers is None or 1 <= int(match[1]) <= self._markers else ""


def told(text: str, markers: int | None) -> str:
    """The whole text as it is told."""
    telling = Telling(markers)
    return telling.take(text) + telling.end()


def cited(text: str, passages: Sequence[Passage]) -> tuple[str, tuple[Citation, ...]]:
    """The text as it is told, without markers that point nowhere, and a citation for each passage that it does point at."""
    numbers = {int(match[1]) for match in MARKER.finditer(text)}
    citations = tuple(
        Citation(
            marker=number,
            passage=passage.id,
            document=passage.document,
            title=passage.title,
            page=passage.page,
            section=passage.section,
        )
        for number, passage in enumerate(passages, 1)
        if number in numbers
    )
    return told(text, len(passages)), citations


def with_disclosure(disclosure: str, text: str) -> str:
    """What a customer is sent who is told for the first time that a machine answers."""
    return f"{disclosure}\n\n{text}"


def confidence_of(completion: Completion, passages: Sequence[Passage]) -> float:
    """0 to 1: the provider's own where it gives one; else the best passage's score; without passages 0.5, for nothing speaks
    for the answer but the model. An answer that was cut short or filtered counts half."""
    if completion.confidence is not None:
        base = completion.confidence
    else:
        base = max((passage.score for passage in passages), default=0.5)
    return round(min(max(base, 0.0), 1.0) * (1.0 if completion.finish == "stop" else 0.5), 4)
