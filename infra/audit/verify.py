"""Verifies a tenant's log: every event against its digest and chain, all of them against what was signed, the rest against the keys.

A checkpoint is made of events that open (infra/audit/checkpoints.py): their hashes, under its signature, prove the same. Where anything
is wrong the whole is read once more, with the keys, to name it rightly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast
from uuid import UUID

import msgspec

from domain.audit.note import Checkpoint, NoteRejected
from domain.audit.note import verify as opened
from infra.audit.chain import Chain
from infra.audit.checkpoints import Checkpoints, Signed, origin_of
from infra.audit.finding import Finding
from infra.audit.opening import keys_of
from infra.audit.pages import Row, fetching, pages
from infra.audit.roots import Roots
from infra.audit.tiles import leaves
from infra.audit.together import Together
from infra.crypto.keyring import Keyring
from infra.postgres.database import Database


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`signed`: how many of the events a checkpoint speaks of."""

    tenant: UUID
    events: int
    checkpoints: int
    signed: int
    findings: Sequence[Finding]


async def verify(
    tenant: UUID,
    *,
    database: Database,
    keyring: Keyring,
    checkpoints: Checkpoints,
    closely: bool = False,
    processes: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Read the whole log; `progress` hears how far it has come. Nothing is changed, and nothing that is found stops it.

    `closely`: with the keys also where a checkpoint speaks for the events. This tells too whether all of it can still be read.
    `processes`: so many check what is under a checkpoint, this one among them; it pays for a long log.
    """
    if not closely:
        report = await _read(tenant, database, keyring, checkpoints, False, processes, progress)
        if report is not None and not report.findings:
            return report
    report = await _read(tenant, database, keyring, checkpoints, True, 1, progress)
    assert report is not None
    return report


async def _read(
    tenant: UUID,
    database: Database,
    keyring: Keyring,
    checkpoints: Checkpoints,
    closely: bool,
    processes: int,
    progress: Callable[[int], None],
) -> Report | None:
    """None: something is wrong with what is under a checkpoint, and is to be named."""
    notes = await checkpoints.all(tenant)
    signed, findings = _signed(tenant, notes, await checkpoints.verifier_key(tenant) if notes else "")

    async def stored(start: int, end: int) -> Sequence[bytes]:
        async with database.tenant(tenant) as connection:
            return await leaves(connection, tenant, start, end)

    newest = max((checkpoint.size for checkpoint in signed), default=0)
    covered = 0 if closely else newest
    chain, roots = Chain(tenant), Roots(tenant, signed, stored)
    async with fetching(database, tenant) as fetch:
        together = Together(chain, roots, covered, database, tenant, progress)
        if not await together.run(fetch, processes - 1):
            return None
        async for rows in pages(fetch, chain.seq):
            keys, gone = await keys_of((row[5] for row in rows), tenant, keyring)
            chain.check(_blank(rows, gone) if gone else rows, keys)
            await roots.check(chain.leaves)
            progress(chain.seq)
    chain.finish()
    roots.finish(chain.seq, chain.wrong)
    findings += [*chain.findings, *roots.findings, *await _cut(database, tenant, chain.seq)]
    findings += await _before_the_first(database, tenant)
    return Report(
        tenant=tenant,
        events=chain.seq,
        checkpoints=len(notes),
        signed=newest,
        findings=sorted(findings, key=lambda finding: (finding.seq or 0, finding.fault)),
    )


def _blank(rows: Sequence[Row], gone: set[bytes]) -> list[Row]:
    """Rows whose subject was erased between two looks, as they are by now."""
    return [
        cast(Row, (*row[:5], None, *row[6:])) if row[5] is not None and row[5][1:17] in gone else row
        for row in rows
    ]


def _signed(tenant: UUID, notes: Sequence[Signed], key: str) -> tuple[list[Checkpoint], list[Finding]]:
    """The checkpoints whose signature holds; findings for the others."""
    good: list[Checkpoint] = []
    findings: list[Finding] = []
    for signed in notes:
        try:
            checkpoint = opened(signed.note, key)
            if (checkpoint.size, checkpoint.origin) != (signed.size, origin_of(tenant)):
                raise NoteRejected("it speaks of another size or log")
            good.append(checkpoint)
        except NoteRejected as error:
            text = f"the checkpoint of size {signed.size}: {error}"
            findings.append(Finding(fault="signature", tenant=tenant, seq=signed.size, text=text))
    return good, findings


async def _cut(database: Database, tenant: UUID, last: int) -> list[Finding]:
    """Whether the log once was longer: positions are never given twice. What came while we read is no cut."""
    query = "SELECT h.seq FROM heads h WHERE h.tenant = %(t)s AND NOT EXISTS (SELECT 1 FROM events e WHERE e.tenant = %(t)s AND e.seq = h.seq)"
    async with database.tenant(tenant) as connection:
        row = await (await connection.execute(query, {"t": tenant})).fetchone()
    if row is None or row[0] <= last:
        return []
    text = f"the log ends at {last}, but numbers up to {row[0]} were given"
    return [Finding(fault="truncated", tenant=tenant, seq=last + 1, text=text)]


async def _before_the_first(database: Database, tenant: UUID) -> list[Finding]:
    """Events that whoever reads a log from its beginning would not see, and whoever reads their stream would."""
    query = "SELECT seq, stream, version FROM events WHERE tenant = %s AND seq < 1"
    async with database.tenant(tenant) as connection:
        rows = await (await connection.execute(query, [tenant])).fetchall()
    text = "no event has such a number"
    return [
        Finding(fault="inserted", tenant=tenant, seq=seq, stream=stream, version=version, text=text)
        for seq, stream, version in rows
    ]
