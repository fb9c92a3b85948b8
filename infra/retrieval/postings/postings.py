"""Postings in PostgreSQL, under plain row-level security, in fixed segments of 4,096 chunks.

A writing transaction takes the tenant's statistics before any posting, so that a tenant's writers follow one another; it writes terms in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, islice
from uuid import UUID

from application.ports import Chunk
from domain.retrieval.synonyms import Groups
from domain.retrieval.terms import RULES
from infra.crypto.keyring import Keyring
from infra.postgres.database import Connection, Database
from infra.retrieval.postings.finding import Finder, Found
from infra.retrieval.postings.hashing import secret_of
from infra.retrieval.postings.indexing import Prepared, Sealed, prepare
from infra.retrieval.postings.ranking import SEGMENT_BITS
from infra.retrieval.postings.vocabulary import Vocabularies

AT_ONCE = 2_000
"""Rows of one statement."""

TAKE = (
    "INSERT INTO posting_statistics AS s (tenant, chunks, tokens, next, languages) VALUES (%(tenant)s, %(chunks)s, %(tokens)s, %(chunks)s, %(languages)s) "
    "ON CONFLICT (tenant) DO UPDATE SET chunks = s.chunks + EXCLUDED.chunks, tokens = s.tokens + EXCLUDED.tokens, next = s.next + EXCLUDED.next, "
    "languages = CASE WHEN s.languages @> EXCLUDED.languages THEN s.languages ELSE s.languages || EXCLUDED.languages END RETURNING next"
)
INSERT = (
    "INSERT INTO postings AS p (tenant, term, seg, n, rel, packed) "
    "SELECT %(tenant)s, term, seg, n, (%(rel)s::smallint[])[start + 1:start + n], (%(packed)s::smallint[])[start + 1:start + n] "
    "FROM unnest(%(terms)s::bigint[], %(segs)s::integer[], %(counts)s::integer[], %(starts)s::integer[]) AS made (term, seg, n, start) "
    "ORDER BY term, seg ON CONFLICT (tenant, term, seg) DO UPDATE "
    "SET n = p.n + EXCLUDED.n, rel = p.rel || EXCLUDED.rel, packed = p.packed || EXCLUDED.packed"
)


class Postings:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._keyring = keyring
        self._vocabularies = Vocabularies(database, keyring)
        self._finder = Finder(database, keyring, self._vocabularies)

    async def prepare(self, tenant: UUID, document: UUID, chunks: Sequence[Chunk]) -> Sealed:
        """Before the transaction that replaces them: it may have to get a key by another connection."""
        made = await prepare(chunks, await secret_of(tenant, self._keyring))
        return Sealed(made, await self._vocabularies.seal(tenant, document, made.words) if chunks else b"")

    async def replace(self, connection: Connection, tenant: UUID, document: UUID, sealed: Sealed) -> None:
        """Put a document's postings in the place of those that it had, in the caller's transaction, late: others of the tenant's wait for its end."""
        await self.delete(connection, document)
        made = sealed.made
        if not made.chunks:
            return
        taken: dict[str, object] = {"tenant": tenant, "chunks": made.chunks, "tokens": made.tokens}
        taken["languages"] = [made.language] if made.language else []
        row = await (await connection.execute(TAKE, taken)).fetchone()
        assert row is not None
        base = row[0] - made.chunks
        await connection.execute(
            "INSERT INTO posting_documents (tenant, document, base, chunks, tokens, made, words) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [tenant, document, base, made.chunks, made.tokens, RULES, sealed.words],
        )
        rows = _rows(made, base)
        while some := list(islice(rows, AT_ONCE)):
            await connection.execute(INSERT, {"tenant": tenant, **_columns(some)})

    async def delete(self, connection: Connection, document: UUID) -> None:
        """Take a document's out, in the caller's transaction."""
        await connection.execute("SELECT remove_postings(%s)", [document])

    async def take_turn(self, connection: Connection, tenant: UUID) -> None:
        """Wait for whoever else writes the tenant's postings, in the caller's transaction, and have others wait for its end."""
        await connection.execute("SELECT 1 FROM posting_statistics WHERE tenant = %s FOR UPDATE", [tenant])

    async def find(self, tenant: UUID, question: str, limit: int, synonyms: Groups = ()) -> Found:
        """The chunks that have most of the question's words, or of what means the same, at most `limit`."""
        return await self._finder.find(tenant, question, limit, synonyms)


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
