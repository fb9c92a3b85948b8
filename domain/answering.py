"""What becomes of a completion: citations that point at passages of the prompt, and how sure the agent is. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.completion import Citation, Completion, Passage

_MARKER = re.compile(r"\s?\[(\d{1,3})\]")


def cited(text: str, passages: Sequence[Passage]) -> tuple[str, tuple[Citation, ...]]:
    """The text without markers that point nowhere, and a citation for each passage that it does point at."""
    citations: dict[int, Citation] = {}

    def check(match: re.Match[str]) -> str:
        number = int(match[1])
        if not 1 <= number <= len(passages):
            return ""
        passage = passages[number - 1]
        citations[number] = Citation(
            marker=number,
            passage=passage.id,
            document=passage.document,
            title=passage.title,
            page=passage.page,
            section=passage.section,
        )
        return match[0]

    return _MARKER.sub(check, text), tuple(citations[number] for number in sorted(citations))


def without_markers(text: str) -> str:
    """For tenants that do not show where an answer comes from."""
    return _MARKER.sub("", text)


def confidence_of(completion: Completion, passages: Sequence[Passage]) -> float:
    """0 to 1: the provider's own where it gives one; else the best passage's score; without passages 0.5, for nothing speaks
    for the answer but the model. An answer that was cut short or filtered counts half."""
    if completion.confidence is not None:
        base = completion.confidence
    else:
        base = max((passage.score for passage in passages), default=0.5)
    return round(min(max(base, 0.0), 1.0) * (1.0 if completion.finish == "stop" else 0.5), 4)
