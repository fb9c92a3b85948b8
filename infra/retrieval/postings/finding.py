"""Search in postings: which chunks have a question's words."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from domain.retrieval.look_alikes import wanted_in_scans
from domain.retrieval.synonyms import Groups, expanded
from domain.retrieval.terms import Wanted, corrected, words_of
from infra.crypto.keyring import Keyring
from infra.postgres.database import Database
from infra.retrieval.postings.hashing import hashes_of, secret_of
from infra.retrieval.postings.ranking import NOTHING, Asked, Ranking, Row, rank
from infra.retrieval.postings.vocabulary import Vocabularies

REMEMBERED = 10_000
"""Tenants whose documents' languages a process knows."""

STATISTICS = "SELECT chunks, tokens, next, languages FROM posting_statistics WHERE tenant = $1"
ROWS = (
    "SELECT term, seg, array_send(rel), array_send(packed) FROM postings WHERE tenant = $1 AND term = ANY($2)"
)
PLACES = (
    "SELECT d.document, asked.number - d.base FROM unnest($2::bigint[]) WITH ORDINALITY AS asked (number, place) "
    "CROSS JOIN LATERAL (SELECT document, base, chunks FROM posting_documents "
    "WHERE tenant = $1 AND base <= asked.number ORDER BY base DESC LIMIT 1) d "
    "WHERE asked.number < d.base + d.chunks ORDER BY asked.place"
)


class Place(msgspec.Struct, frozen=True):
    """Where a word was found. `score`: 0 to 1."""

    document: UUID
    ordinal: int
    score: float


class Found(msgspec.Struct, frozen=True):
    """Best first; `typed`: how much of the question's weight are numbers, order numbers and addresses that were found, 0 to 1."""

    places: Sequence[Place]
    typed: float


class Statistics(msgspec.Struct, frozen=True):
    """Of a tenant's postings. `next`: number of the next chunk."""

    chunks: int
    next: int
    languages: frozenset[str]


class Finder:
    def __init__(self, database: Database, keyring: Keyring, vocabularies: Vocabularies) -> None:
        self._database, self._keyring, self._vocabularies = database, keyring, vocabularies
        self._languages: OrderedDict[UUID, frozenset[str]] = OrderedDict()

    async def find(self, tenant: UUID, question: str, limit: int, synonyms: Groups) -> Found:
        """The chunks that have most of the question's words, at most `limit`. A word that is nowhere stands for those that are nearly it."""
        ranking = await self._ranked(tenant, question, limit, synonyms)
        places = await self._places(tenant, ranking)
        if len(places) < len(ranking.numbers):  # a document went meanwhile
            ranking = await self._ranked(tenant, question, limit, synonyms)
            places = await self._places(tenant, ranking)
            if len(places) < len(ranking.numbers):
                return Found((), 0.0)
        return Found(
            [Place(row[0], row[1], score) for row, score in zip(places, ranking.scores, strict=True)],
            ranking.typed,
        )

    async def _places(self, tenant: UUID, ranking: Ranking) -> list[tuple[Any, ...]]:
        if not ranking.numbers:
            return []
        return await self._database.read(tenant, PLACES, tenant, ranking.numbers)

    async def _ranked(self, tenant: UUID, question: str, limit: int, synonyms: Groups) -> Ranking:
        known = self._languages.get(tenant)
        if known is None:
            rows = await self._database.read(tenant, STATISTICS, tenant)
            known = self._remember(tenant, rows[0][3] if rows else ())
        words = expanded(wanted_in_scans(question, known), synonyms, known)
        ranking, there = await self._rank(tenant, words, limit)
        if there is None:
            return ranking
        if not there.languages <= known:  # documents in a language that was none of theirs have come
            known = self._remember(tenant, there.languages)
            words = expanded(wanted_in_scans(question, known), synonyms, known)
            ranking, _ = await self._rank(tenant, words, limit)
        meant = await self._meant(tenant, [(n, words[n]) for n in ranking.missing], known, there)
        if meant:
            ranking, _ = await self._rank(
                tenant, [meant.get(place, word) for place, word in enumerate(words)], limit
            )
        return ranking

    async def _meant(
        self,
        tenant: UUID,
        missing: Sequence[tuple[int, Wanted]],
        languages: frozenset[str],
        there: Statistics,
    ) -> dict[int, Wanted]:
        """Of words of a question that are nowhere, by their places, what they are nearly."""
        unknown = [(place, word) for place, word in missing if not word.typed and words_of(word.terms[0])]
        if not unknown:
            return {}
        vocabulary = await self._vocabularies.of(tenant, (there.next, there.chunks))
        near = [(place, word, vocabulary.near(word.terms[0])) for place, word in unknown]
        return {place: corrected(word, some, languages) for place, word, some in near if some}

    async def _rank(
        self, tenant: UUID, words: Sequence[Wanted], limit: int
    ) -> tuple[Ranking, Statistics | None]:
        if not words:
            return NOTHING, None
        hashes = hashes_of(
            {term for word in words for term in word.terms}, await secret_of(tenant, self._keyring)
        )
        statistics, rows = await self._database.read_all(
            tenant, (STATISTICS, [tenant]), (ROWS, [tenant, list(hashes.values())])
        )
        if not statistics:
            return NOTHING, None
        [(chunks, tokens, next, languages)] = statistics
        ranking = rank([Row(*row) for row in rows], _asked(words, hashes), chunks, tokens, limit)
        return ranking, Statistics(chunks, next, frozenset(languages))

    def _remember(self, tenant: UUID, languages: Sequence[str] | frozenset[str]) -> frozenset[str]:
        known = self._languages[tenant] = frozenset(languages)
        self._languages.move_to_end(tenant)
        if len(self._languages) > REMEMBERED:
            self._languages.popitem(last=False)
        return known


def _asked(words: Sequence[Wanted], hashes: dict[str, int]) -> list[Asked]:
    return [Asked(tuple([hashes[term] for term in word.terms]), word.weight, word.typed) for word in words]
