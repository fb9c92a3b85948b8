"""Knowledge entries from a file. A row's key, or its title, is whose it is: the same file again changes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, get_args
from uuid import UUID

import msgspec

from application.ports import Clock, Keyring, Store, Vectors
from application.retrieval.knowledge.batches import LATER, batch_due, taken
from application.retrieval.knowledge.entry import category_key_of, indexing
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, Invalid, NotFound, Refusal
from domain.base.table_rows import RefusedRow
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.retrieval.knowledge_rows import EntryRow, rows_of

MOST = 5_000
"""Rows of one file."""

AT_ONCE = 100
"""Rows that are saved, and embedded, together."""

RACES = 3
"""How often a row is tried again that somebody else was changing."""

Outcome = Literal["created", "updated", "unchanged", "refused"]


class RowReport(msgspec.Struct, frozen=True, kw_only=True):
    """`row`: as a spreadsheet counts, the first row is 1; of JSON the line, or which of the array it is. `reason`: of what was refused."""

    row: int
    outcome: Outcome
    id: UUID | None = None
    reason: str | None = None


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of the rows. `position` 0: nothing was changed."""

    rows: Sequence[RowReport]
    counts: dict[Outcome, int]
    position: int


async def import_entries(
    data: bytes, context: Context, *, store: Store, keyring: Keyring, vectors: Vectors, clock: Clock
) -> Imported:
    """Write an entry for each row, or the next version of the one that is there. What can't be taken is told row by row.

    Raises Invalid where no row can be read, or there are too many: then nothing was changed. What ends it half-way leaves whole rows behind, and
    the same file once more does the rest.
    """
    rows = await asyncio.to_thread(lambda: list(rows_of(data)))
    if len(rows) > MOST:
        raise Invalid(f"the file has {len(rows)} rows; at most {MOST} are taken at once: send it in parts")
    wanted = [row for row in rows if isinstance(row, EntryRow)]
    told = [
        RowReport(row=row.row, outcome="refused", reason=row.reason)
        for row in rows
        if isinstance(row, RefusedRow)
    ]
    position = 0
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        reports, reached = await _take(some, context, store, keyring, vectors, clock)
        told += reports
        position = max(position, reached)
    told.sort(key=lambda each: each.row)
    found = Counter(each.outcome for each in told)
    return Imported(rows=told, counts={name: found[name] for name in get_args(Outcome)}, position=position)


async def _take(
    rows: Sequence[EntryRow],
    context: Context,
    store: Store,
    keyring: Keyring,
    vectors: Vectors,
    clock: Clock,
    races: int = RACES,
) -> tuple[list[RowReport], int]:
    """All in one save; where somebody else was first with one of them, each by itself."""
    written = await asyncio.gather(*(_written(row, context, store, keyring, clock) for row in rows))
    changed = [entry for entry, _ in written if isinstance(entry, KnowledgeEntry) and entry.pending_events]
    position = 0
    if changed:
        together = [taken(changed, clock)] if len(changed) > 1 else []
        later = LATER if together else timedelta(0)
        work = [each for entry in changed for each in indexing(clock, later)(entry)]
        work += [batch_due(batch, clock) for batch in together]
        try:
            position = (await store.save(*changed, *together, context=context, work=work)).position
        except Refusal as refusal:
            if len(rows) > 1:
                alone = [await _take([row], context, store, keyring, vectors, clock) for row in rows]
                return [report for reports, _ in alone for report in reports], max(each for _, each in alone)
            if isinstance(refusal, Conflict) and races:
                return await _take(rows, context, store, keyring, vectors, clock, races - 1)
            return [RowReport(row=rows[0].number, outcome="refused", reason=refusal.detail)], 0
    reports = []
    for row, (entry, outcome) in zip(rows, written, strict=True):
        if isinstance(entry, str):
            reports.append(RowReport(row=row.number, outcome=outcome, reason=entry))
            continue
        if outcome == "updated":
            await vectors.delete(context.tenant, entry.id, before=entry.version)
        reports.append(RowReport(row=row.number, outcome=outcome, id=entry.id))
    return reports, position


async def _written(
    row: EntryRow, context: Context, store: Store, keyring: Keyring, clock: Clock
) -> tuple[KnowledgeEntry | str, Outcome]:
    """The row's entry, to be saved, and what became of it; or why it can't be."""
    category_key = await category_key_of(context.tenant, row.knowledge.category, keyring)
    generation = 0
    while True:
        id = await keyring.identify(context.tenant, "knowledge entry", *row.names, str(generation))
        try:
            entry = await store.load(KnowledgeEntry, id, tenant=context.tenant)
        except Erased:
            generation += 1  # an erased one is passed over: the next has an id of its own
            continue
        except NotFound:
            return KnowledgeEntry.write(id, row.knowledge, category_key, clock()), "created"
        if entry.state.status == "erased":
            generation += 1
            continue
        if entry.state.status == "deleted":
            how = f"restore it (POST /v1/knowledge/{id}/restore), or give the row another key"
            return f"the entry of this {row.names[0]} was deleted; {how}", "refused"
        entry.update(row.knowledge, category_key, clock())
        return entry, "updated" if entry.pending_events else "unchanged"
