"""Datasets: begun, filled by hand, from a file, from corrections and from what was said; frozen by their first use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.erase import ERASE_WORK
from application.ports import Clock, Due, Ids, Keyring, Store
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.base.table_rows import RefusedRow
from domain.feedback.exchange import Exchange, flat
from domain.learning.case import Case, CaseSource
from domain.learning.dataset import ENOUGH, Dataset
from domain.learning.importing import CaseIn, Row, rows_of

TOLD = 1_000
"""Refused rows that a report tells one by one."""


class CreateDataset(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str = ""


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What became of what was given: `duplicates` are in the dataset already. `refused`: the first of them, `refused_count` all. `version`, `cases`:
    the dataset's now. `warning`: what its size says, if anything."""

    dataset: UUID
    version: int
    cases: int
    added: int
    duplicates: int
    refused: tuple[RefusedRow, ...] = ()
    refused_count: int = 0
    warning: str | None
    position: int


async def create_dataset(
    command: CreateDataset, context: Context, *, store: Store, clock: Clock, ids: Ids
) -> tuple[Dataset, int]:
    """And its position. Raises Invalid."""
    dataset = Dataset.begin(ids(), name=command.name, description=command.description, at=clock())
    saved = await store.save(dataset, context=context)
    return dataset, saved.position


async def delete_dataset(dataset: UUID, context: Context, *, store: Store, clock: Clock) -> int:
    """For good: it is erased by work that follows. Returns the position. Raises NotFound."""
    _, saved = await amend(
        Dataset,
        dataset,
        lambda found: found.delete(clock()),
        context=context,
        store=store,
        work=[Due(kind=ERASE_WORK, key=dataset.hex, due_at=clock())],
    )
    return saved.position


async def add_cases(
    dataset: UUID, cases: Sequence[CaseIn], context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> Added:
    """Written by hand. Raises NotFound; Invalid for the first that is none."""
    made = []
    for number, each in enumerate(cases):
        try:
            made.append(await _written(each, each.exchange(), "hand", context.tenant, keyring))
        except Invalid as refusal:
            raise Invalid(f"cases[{number}]: {refusal.detail}") from None
    return await add(dataset, made, (), context, store=store, clock=clock)


async def import_cases(
    dataset: UUID, data: bytes, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> Added:
    """From a file; what can't be taken is told row by row. Raises NotFound; Invalid where no row of it can be read."""
    await store.load(Dataset, dataset, tenant=context.tenant)
    rows = await asyncio.to_thread(lambda: list(rows_of(data)))
    made = [
        await _written(row.case, row.exchange, "import", context.tenant, keyring)
        for row in rows
        if isinstance(row, Row)
    ]
    refused = [row for row in rows if isinstance(row, RefusedRow)]
    return await add(dataset, made, refused, context, store=store, clock=clock)


async def add(
    dataset: UUID,
    cases: Sequence[Case],
    refused: Sequence[RefusedRow],
    context: Context,
    *,
    store: Store,
    clock: Clock,
) -> Added:
    """Save what is new of these cases. Raises NotFound, Erased, Refused."""
    added = 0

    def decide(found: Dataset) -> None:
        nonlocal added
        added = found.add(cases, clock())

    found, saved = await amend(Dataset, dataset, decide, context=context, store=store)
    return Added(
        dataset=dataset,
        version=found.state.version,
        cases=len(found.state.cases),
        added=added,
        duplicates=len(cases) - added,
        refused=tuple(refused[:TOLD]),
        refused_count=len(refused),
        warning=warning_of(len(found.state.cases)),
        position=saved.position,
    )


async def remove_cases(
    dataset: UUID, cases: Iterable[UUID], context: Context, *, store: Store, clock: Clock
) -> tuple[Dataset, int]:
    """And the position. Raises NotFound."""
    gone = tuple(cases)
    found, saved = await amend(
        Dataset, dataset, lambda found: found.remove(gone, clock()), context=context, store=store
    )
    return found, saved.position


async def freeze_dataset(dataset: UUID, context: Context, *, store: Store, clock: Clock) -> tuple[int, int]:
    """The latest version, which stays as it is from now on, for whoever uses it; and the position, 0 where it was used before. Raises NotFound,
    Refused where it has no case."""
    found, saved = await amend(
        Dataset, dataset, lambda found: found.freeze(clock()), context=context, store=store
    )
    return found.state.version, saved.position


def warning_of(cases: int) -> str | None:
    if cases >= ENOUGH:
        return None
    return f"{cases} cases are few: with less than {ENOUGH} a difference between two candidates is hard to tell from chance"


async def case_id(exchange: Exchange, tenant: UUID, keyring: Keyring) -> UUID:
    """A hash of its texts under the tenant's key: nobody else can tell by it what they say."""
    return await keyring.identify(tenant, "case", *flat(exchange))


async def _written(
    case: CaseIn, exchange: Exchange, source: CaseSource, tenant: UUID, keyring: Keyring
) -> Case:
    return Case(
        id=await case_id(exchange, tenant, keyring),
        exchange=exchange,
        intent=case.intent,
        category=case.category,
        quality=case.quality,
        source=source,
    )
