"""A document's chunks as postings: numbers of its chunks by hashed term."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from application.ports import Chunk
from domain.base.language import ENOUGH, language_of
from domain.retrieval.terms import runs, terms_of, words_of
from infra.retrieval.postings.hashing import hashes_of
from infra.retrieval.postings.ranking import LONGEST, packed_of

AT_ONCE = 10
"""Chunks between which others have their turn."""


class Prepared(msgspec.Struct, frozen=True):
    """By term, the places of chunks in the document, ascending, each with its packed number."""

    terms: dict[int, list[tuple[int, int]]]
    chunks: int
    tokens: int
    language: str | None
    words: frozenset[str]
    """By which others are taken for spelled wrongly."""


class Sealed(msgspec.Struct, frozen=True):
    """What a document's row has: its words, under its key."""

    made: Prepared
    words: bytes


async def prepare(chunks: Sequence[Chunk], secret: bytes) -> Prepared:
    language = _language(chunks)
    terms: dict[int, list[tuple[int, int]]] = {}
    known: dict[str, tuple[int, ...]] = {}
    tokens = 0
    for place, chunk in enumerate(chunks):
        words = Counter(runs(_text(chunk)))
        often: dict[int, int] = {}
        for run, count in words.items():
            if (hashed := known.get(run)) is None:
                hashed = known[run] = tuple(hashes_of(terms_of(run, language), secret).values())
            for term in hashed:
                often[term] = often.get(term, 0) + count
        length = words.total()
        for term, count in often.items():
            terms.setdefault(term, []).append((place, packed_of(count, length)))
        tokens += min(length, LONGEST)
        if place % AT_ONCE == 0:
            await asyncio.sleep(0)
    spelled = frozenset(word for run in known for word in words_of(run))
    return Prepared(terms, len(chunks), tokens, language, spelled)


def _text(chunk: Chunk) -> str:
    """With the heading, where it stands in another chunk, and with what it is also found by."""
    heading = chunk.section if chunk.section and chunk.section not in chunk.text else ""
    return "\n".join(filter(None, (heading, chunk.text, chunk.terms)))


def _language(chunks: Sequence[Chunk]) -> str | None:
    beginning = ""
    for chunk in chunks:
        if len(beginning) >= ENOUGH:
            break
        beginning += chunk.text + "\n"
    return language_of(beginning)
