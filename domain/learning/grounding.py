"""Citation correctness: whether the passages that an answer points at say what the sentence says. By rule, without a model. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from domain.base.sentences import sentences
from domain.models.completion import Passage
from domain.retrieval.markers import NUMBER, without_markers

VERSION = 1
"""Of the rule; goes up with any change of it."""

ENOUGH = 0.5
"""The share of a sentence's telling words that its passages must have."""

TELLING = 4
"""Letters from which on a word tells something; of scripts without capitals and blanks, as Chinese, each pair of characters is one."""

_WORD = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_UNPARTED = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


def citation_correctness(text: str, passages: Sequence[Passage]) -> float | None:
    """The share of the sentences with a marker that their passages bear out: all of the sentence's figures, and half of its telling words,
    stand in them. None: no sentence has a marker. `passages` as they stood in the prompt, [1] the first one."""
    checked = borne = 0
    for sentence in sentences(text):
        numbers = {int(number) for number in NUMBER.findall(sentence)}
        if not numbers:
            continue
        checked += 1
        told = " ".join(
            f"{passages[number - 1].title} {passages[number - 1].text}"
            for number in sorted(numbers)
            if 1 <= number <= len(passages)
        )
        borne += _bears_out(told, without_markers(sentence))
    return round(borne / checked, 6) if checked else None


def _bears_out(told: str, sentence: str) -> bool:
    told, sentence = (unicodedata.normalize("NFKC", each).casefold() for each in (told, sentence))
    if not set(_FIGURE.findall(sentence)) <= set(_FIGURE.findall(told)):
        return False
    wanted = _telling(sentence)
    return not wanted or len(wanted & _telling(told)) >= ENOUGH * len(wanted)


def _telling(text: str) -> set[str]:
    unparted = _UNPARTED.findall(text)
    pairs = {run[at : at + 2] for run in unparted for at in range(len(run) - 1)}
    words = {word for word in _WORD.findall(_UNPARTED.sub(" ", text)) if len(word) >= TELLING}
    return pairs | words
