"""Texts of words of a language of Zipf's, with vectors and questions; put in place as the pipeline does, and beside it as others would have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

import numpy as np
import psycopg

from application.ports import Chunk
from bench.passages import WIDE

MODEL, DIMENSION = "bench/256", 256
VOCABULARY, WORDS = 30_000, 200
"""Of the language; of a chunk."""

A_DOCUMENT = 1_000
"""Chunks of a document at most."""

ASKED = 6
"""Words of a question."""

TEXTS = """
SET LOCAL ROLE retrace_owner;
CREATE TABLE retrace.texts (tenant uuid NOT NULL, document uuid NOT NULL, ordinal integer NOT NULL, words tsvector NOT NULL, content text NOT NULL,
    PRIMARY KEY (tenant, document, ordinal));
CREATE INDEX texts_words ON retrace.texts USING gin (words);
CREATE INDEX texts_tenant ON retrace.texts (tenant);
ALTER TABLE retrace.texts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON retrace.texts USING (tenant = (SELECT retrace.tenant()));
GRANT SELECT ON retrace.texts TO retrace_app;
RESET ROLE
"""
"""PostgreSQL's full text, under the policy of today."""

INTO_WIDE = (
    "INSERT INTO retrace.wide (tenant, document, ordinal, id, model, embedding, page, section, tokens, title, content) "
    "SELECT tenant, document, ordinal, id, model, embedding, page, section, tokens, title, content "
    "FROM retrace.chunks JOIN retrace.vectors USING (tenant, document, ordinal) ORDER BY document"
)


class Question(NamedTuple):
    words: list[str]
    vector: list[float]
    place: tuple[UUID, int]


class Corpus:
    """Of one tenant."""

    def __init__(self, size: int, seed: int) -> None:
        self.tenant, self._rng = uuid4(), np.random.default_rng(seed)
        self._shares = 1 / np.arange(1, VOCABULARY + 1)
        self._shares /= self._shares.sum()
        names = [uuid4() for _ in range(-(-size // A_DOCUMENT))]
        self.places = [(names[number // A_DOCUMENT], number % A_DOCUMENT) for number in range(size)]
        self.vectors = self._rng.normal(size=(size, DIMENSION))
        self.words = self._rng.choice(VOCABULARY, (size, WORDS), p=self._shares)

    def documents(self) -> Iterator[tuple[UUID, list[Chunk]]]:
        for start in range(0, len(self.places), A_DOCUMENT):
            numbers = range(start, min(start + A_DOCUMENT, len(self.places)))
            yield self.places[start][0], [self._chunk(number) for number in numbers]

    def text(self, number: int) -> str:
        return " ".join([_NAMES[each] for each in self.words[number].tolist()])

    def question(self) -> Question:
        """Of a chunk, and not the commonest of its words, which nobody asks with; some way from its vector."""
        number = int(self._rng.integers(len(self.places)))
        rare = np.unique(self.words[number][self.words[number] >= 50])
        asked = self._rng.choice(rare, min(ASKED, len(rare)), replace=False)
        vector = self.vectors[number] + self._rng.normal(size=DIMENSION) * 2
        return Question(list(map(word, asked)), _unit(vector), self.places[number])

    def nearest(self, vector: Sequence[float], count: int) -> set[tuple[UUID, int]]:
        """By brute force."""
        near = self.vectors @ np.asarray(vector) / np.linalg.norm(self.vectors, axis=1)
        return {self.places[number] for number in np.argsort(-near)[:count]}

    def _chunk(self, number: int) -> Chunk:
        return Chunk(
            id=f"{number:032x}",
            ordinal=self.places[number][1],
            page=1,
            section=None,
            tokens=WORDS,
            text=self.text(number),
            embedding=_unit(self.vectors[number]),
        )


def copy_for_others(url: str, corpora: Sequence[Corpus]) -> None:
    """What is in place already, as full text has it, and as the build 8b59810 had it in one wide row a chunk."""
    with psycopg.connect(url) as connection:
        connection.execute(TEXTS)
        into = "COPY retrace.texts (tenant, document, ordinal, words, content) FROM STDIN (FORMAT text)"
        for corpus in corpora:
            with connection.cursor().copy(into) as copy:
                for number, (document, ordinal) in enumerate(corpus.places):
                    text = corpus.text(number)
                    copy.write_row((corpus.tenant, document, ordinal, _tsvector(text), text))
        connection.execute(WIDE)
        connection.execute(INTO_WIDE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def word(number: int) -> str:
    """Of the language: syllables, so that it has no stem."""
    name, number = "", int(number) + 20
    while number:
        number, rest = divmod(number, 20)
        name += "bdfgklmnprtvzjhcxwqs"[rest] + "aoui"[rest % 4]
    return name


_NAMES = [word(number) for number in range(VOCABULARY)]


def _tsvector(text: str) -> str:
    places: dict[str, list[int]] = {}
    for place, each in enumerate(text.split(), 1):
        places.setdefault(each, []).append(place)
    return " ".join(f"'{each}':{','.join(map(str, where))}" for each, where in sorted(places.items()))


def _unit(vector: np.ndarray) -> list[float]:
    return (vector / np.linalg.norm(vector)).tolist()  # type: ignore[no-any-return]
