"""How well each statement of the passages answers a question.

The score is the share of the question's words that a statement covers, weighted by their rarity among the statements, and its
likeness in meaning. A word is covered by itself in any form, or partly by one of like meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from domain.models.completion import Passage
from infra.providers.local.kinds import KINDS, asked_kinds
from infra.providers.local.statements import Statement, statements, stem, words

Matrix = NDArray[np.float32]

COVERAGE, LIKENESS = 0.6, 0.4
"""What makes the score: the words, and the meaning as a whole."""

LACKING = 0.6
"""Factor for a statement without what is asked for, as a price."""

ASIDE = 0.3
"""Worth of a word that was said before the question."""

ALIKE, QUOTES = 0.45, 0.8
"""Cosine from which on two words mean about the same; worth of a word that stands in the heading only."""


class Meanings(Protocol):
    """Texts to rows of unit length; tokens of a text."""

    def vectors(self, texts: Sequence[str]) -> Matrix: ...

    def count_tokens(self, text: str) -> int: ...


class Question(NamedTuple):
    """`said` is what was said before it, `aside` the words of that which are not in the question itself."""

    text: str
    words: list[str]
    said: str
    aside: list[str]
    foreign: bool


class Scores(NamedTuple):
    """A row a statement: its score, 0 to 1, and what it covers of each thing asked for, whose `weights` are 1 in all."""

    scores: Matrix
    covered: Matrix
    weights: Matrix


class ReadPassage:
    """A passage as it was read: its statements, their vectors, its words with their vectors, and which statement has which."""

    def __init__(self, passage: Passage, meanings: Meanings) -> None:
        self.statements = statements(passage.text, passage.section)
        self.tokens = meanings.count_tokens(passage.text)
        vocabulary = sorted({word for each in self.statements for word in each.words | each.around})
        self.meanings = meanings.vectors([each.meaning for each in self.statements])
        self.words = meanings.vectors(vocabulary)
        self.places = {word: place for place, word in enumerate(vocabulary)}
        self.forms: dict[str, list[int]] = {}  # stem → rows of `words`
        for place, word in enumerate(vocabulary):
            self.forms.setdefault(stem(word), []).append(place)
        self.exact = np.array([_has_digit(word) for word in vocabulary], dtype=bool)
        self.gives = np.array([each.gives for each in self.statements], dtype=np.float32).reshape(
            -1, len(KINDS)
        )
        self.worth = np.array(
            [[_worth(word, each) for word in vocabulary] for each in self.statements], dtype=np.float32
        ).reshape(len(self.statements), len(vocabulary))

    def covered(self, asked: Sequence[str], vectors: Matrix) -> Matrix:
        """How much of each asked word (column) each statement (row) covers, 0 to 1."""
        alike = self.words @ vectors.T
        alike[alike < ALIKE] = 0.0
        alike[self.exact] = 0.0
        for column, word in enumerate(asked):
            if _has_digit(word):
                alike[:, column] = 0.0
            alike[self.forms.get(stem(word), []), column] = 1.0
        covering = np.flatnonzero(alike.any(axis=1))  # a few of the words
        worth: Matrix = self.worth[:, covering, None] * alike[None, covering]
        return worth.max(axis=1, initial=0.0)  # type: ignore[no-any-return]  # numpy does not type max


def _vectors(texts: Sequence[str], read: Sequence[ReadPassage], meanings: Meanings) -> Matrix:
    """As `meanings.vectors`; those of words that stand in a passage are known."""
    known = [
        next((each.words[place] for each in read if (place := each.places.get(text)) is not None), None)
        for text in texts
    ]
    new = iter(meanings.vectors([text for text, row in zip(texts, known, strict=True) if row is None]))
    return np.array([next(new) if row is None else row for row in known], dtype=np.float32)


def score(question: Question, read: Sequence[ReadPassage], meanings: Meanings) -> Scores:
    """Of all statements of all passages, at least one, in order."""
    asked = [*question.words, *question.aside]
    vectors = _vectors([question.text, *asked], read, meanings)
    covered = np.concatenate([each.covered(asked, vectors[1:]) for each in read])
    gives = np.concatenate([each.gives for each in read])
    worth = [1.0] * len(question.words) + [ASIDE] * len(question.aside)
    factor = np.ones(len(covered), dtype=np.float32)
    for number, (kind, matches) in enumerate(
        zip(KINDS, asked_kinds(question.text, question.foreign), strict=True)
    ):
        named = [asked.index(word) for match in matches for word in words(match) if word in asked]
        for column in named:  # a telephone number covers the word `telephone`
            covered[:, column] = np.maximum(covered[:, column], gives[:, number])
        if matches and not named:
            covered = np.hstack([covered, gives[:, number : number + 1]])
            worth.append(1.0)
        if matches and kind.needed:
            factor[gives[:, number] == 0] = LACKING
    weights = _weights(covered, worth)
    likeness = np.maximum(np.concatenate([each.meanings for each in read]) @ vectors[0], 0.0)
    return Scores((COVERAGE * (covered @ weights) + LIKENESS * likeness) * factor, covered, weights)


def _weights(covered: Matrix, worth: Sequence[float]) -> Matrix:
    """Weights of the columns, 1 in all, by how few of the statements cover them (BM25's inverse document frequency)."""
    number, counts = len(covered), covered.sum(axis=0)
    weights: Matrix = np.log(1 + (number - counts + 0.5) / (counts + 0.5)) * np.array(worth, dtype=np.float32)
    weights /= weights.sum()
    return weights


def _worth(word: str, statement: Statement) -> float:
    return 1.0 if word in statement.words else QUOTES if word in statement.around else 0.0


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(map(str.isdigit, word))
