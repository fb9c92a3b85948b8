"""Postings in PostgreSQL, under plain row-level security, in fixed segments of 4,096 chunks.

A writing transaction takes the tenant's statistics before any posting, so that a tenant's writers follow one another; it writes terms in their order.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, islice
from uuid import UUID

import msgspec

from application.ports import Chunk
from domain.retrieval.terms import RULES, Wanted, wanted
from infra.crypto.keyring import Keyring
from infra.postgres.database import Connection, Database
from infra.retrieval.postings.hashing import hashes_of
from infra.retrieval.postings.indexing import Prepared, prepare
from infra.retrieval.postings.ranking import NOTHING, SEGMENT_BITS, Asked, Ranking, Row, rank

AT_ONCE = 2_000
"""Rows of one statement."""

REMEMBERED = 10_000
"""Tenants whose documents' languages a process knows."""

STATISTICS = "SELECT chunks, tokens, languages FROM posting_statistics WHERE tenant = $1"
ROWS = (
    "SELECT term, seg, array_send(rel), array_send(packed) FROM postings WHERE tenant = $1 AND term = ANY($2)"
)
PLACES = (
    "SELECT d.document, asked.number - d.base FROM unnest($2::bigint[]) WITH ORDINALITY AS asked (number, place) "
    "CROSS JOIN LATERAL (SELECT document, base, chunks FROM posting_documents "
    "WHERE tenant = $1 AND base <= asked.number ORDER BY base DESC LIMIT 1) d "
    "WHERE asked.number < d.base + d.chunks ORDER BY asked.place"
)
TAKE = (
    "INSERT INTO posting_statistics AS s (tenant, chunks, tokens, next, languages) VALUES (%(tenant)s, %(chunks)s, %(tokens)s, %(chunks)s, %(languages)s) "
    "ON CONFLICT (tenant) DO UPDATE SET chunks = s.chunks + EXCLUDED.chunks, tokens = s.tokens + EXCLUDED.tokens, next = s.next + EXCLUDED.next, "
    "languages = ARRAY(SELECT DISTINCT unnest(s.languages || EXCLUDED.languages) ORDER BY 1) RETURNING next"
)
INSERT = (
    "INSERT INTO postings AS p (tenant, term, seg, n, rel, packed) "
    "SELECT %(tenant)s, term, seg, n, (%(rel)s::smallint[])[start + 1:start + n], (%(packed)s::smallint[])[start + 1:start + n] "
    "FROM unnest(%(terms)s::bigint[], %(segs)s::integer[], %(counts)s::integer[], %(starts)s::integer[]) AS made (term, seg, n, start) "
    "ORDER BY term, seg ON CONFLICT (tenant, term, seg) DO UPDATE "
    "SET n = p.n + EXCLUDED.n, rel = p.rel || EXCLUDED.rel, packed = p.packed || EXCLUDED.packed"
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


class Postings:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring
        self._languages: OrderedDict[UUID, frozenset[str]] = OrderedDict()

    async def prepare(self, tenant: UUID, chunks: Sequence[Chunk]) -> Prepared:
        """Before the transaction that replaces them: it may have to get a key by another connection."""
        return await prepare(chunks, await self._secret(tenant))

    async def replace(self, connection: Connection, tenant: UUID, document: UUID, made: Prepared) -> None:
        """Put a document's postings in the place of those that it had, in the caller's transaction, late: others of the tenant's wait for its end."""
        await self.delete(connection, document)
        if not made.chunks:
            return
        taken: dict[str, object] = {"tenant": tenant, "chunks": made.chunks, "tokens": made.tokens}
        taken["languages"] = [made.language] if made.language else []
        row = await (await connection.execute(TAKE, taken)).fetchone()
        assert row is not None
        base = row[0] - made.chunks
        await connection.execute(
            "INSERT INTO posting_documents (tenant, document, base, chunks, tokens, made) VALUES (%s, %s, %s, %s, %s, %s)",
            [tenant, document, base, made.chunks, made.tokens, RULES],
        )
        rows = _rows(made, base)
        while some := list(islice(rows, AT_ONCE)):
            await connection.execute(INSERT, {"tenant": tenant, **_columns(some)})

    async def delete(self, connection: Connection, document: UUID) -> None:
        """Take a document's out, in the caller's transaction."""
        await connection.execute("SELECT remove_postings(%s)", [document])

    async def take_turn(self, connection: Connection, tenant: UUID) -> None:
        """Wait for whoever else writes the tenant's postings, in the caller's transaction, and have others wait for its end."""
        await connection.execute("SELECT FROM posting_statistics WHERE tenant = %s FOR UPDATE", [tenant])

    async def find(self, tenant: UUID, question: str, limit: int) -> Found:
        """The chunks that have most of the question's words, at most `limit`."""
        known = self._languages.get(tenant)
        if known is None:
            rows = await self._database.read(tenant, STATISTICS, tenant)
            known = self._remember(tenant, rows[0][2] if rows else ())
        ranking, languages = await self._ranked(tenant, question, known, limit)
        if not languages <= known:  # documents in a language that was none of theirs have come
            ranking, _ = await self._ranked(tenant, question, self._remember(tenant, languages), limit)
        if not ranking.numbers:
            return Found((), 0.0)
        places = await self._database.read(tenant, PLACES, tenant, ranking.numbers)
        if len(places) < len(ranking.numbers):  # a document went meanwhile
            ranking, _ = await self._ranked(tenant, question, known, limit)
            places = await self._database.read(tenant, PLACES, tenant, ranking.numbers)
            if len(places) < len(ranking.numbers):
                return Found((), 0.0)
        return Found(
            [Place(row[0], row[1], score) for row, score in zip(places, ranking.scores, strict=True)],
            ranking.typed,
        )

    async def _ranked(
        self, tenant: UUID, question: str, languages: frozenset[str], limit: int
    ) -> tuple[Ranking, frozenset[str]]:
        words = wanted(question, languages)
        hashes = hashes_of({term for word in words for term in word.terms}, await self._secret(tenant))
        if not words:
            return NOTHING, frozenset()
        statistics, rows = await self._database.read_all(
            tenant, (STATISTICS, [tenant]), (ROWS, [tenant, list(hashes.values())])
        )
        if not statistics:
            return NOTHING, frozenset()
        [(chunks, tokens, theirs)] = statistics
        ranking = rank([Row(*row) for row in rows], _asked(words, hashes), chunks, tokens, limit)
        return ranking, frozenset(theirs)

    def _remember(self, tenant: UUID, languages: Sequence[str] | frozenset[str]) -> frozenset[str]:
        known = self._languages[tenant] = frozenset(languages)
        self._languages.move_to_end(tenant)
        if len(self._languages) > REMEMBERED:
            self._languages.popitem(last=False)
        return known

    async def _secret(self, tenant: UUID) -> bytes:
        return await self._keyring.derive(tenant, "terms")


def _asked(words: Sequence[Wanted], hashes: dict[str, int]) -> list[Asked]:
    return [Asked(tuple([hashes[term] for term in word.terms]), word.weight, word.typed) for word in words]


Segment = tuple[int, int, list[tuple[int, int]]]
"""Term, segment, and of each chunk its number within the segment and its packed number."""


def _rows(made: Prepared, base: int) -> Iterator[Segment]:
    """In the order in which they are written."""
    for term in sorted(made.terms):
        for seg, some in groupby(made.terms[term], lambda each: (base + each[0]) >> SEGMENT_BITS):
            yield term, seg, [(base + place - (seg << SEGMENT_BITS), packed) for place, packed in some]


def _columns(rows: Sequence[Segment]) -> dict[str, list[int]]:
    counts = [len(each) for _, _, each in rows]
    return {
        "terms": [term for term, _, _ in rows],
        "segs": [seg for _, seg, _ in rows],
        "counts": counts,
        "starts": list(accumulate(counts[:-1], initial=0)),
        "rel": [rel for _, _, each in rows for rel, _ in each],
        "packed": [packed for _, _, each in rows for _, packed in each],
    }
