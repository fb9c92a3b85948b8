"""The tallies of spending: changed with the events that they count, compared with the log and brought back to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.ports import Clock, Store, Tally
from domain.base.aggregate import Event, events_of
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound
from domain.base.money import pico
from domain.budgets.budget import TALLIES, Budget, BudgetLimits
from domain.budgets.reservation import Reservation
from domain.budgets.spending import changes_by, charged
from domain.kinds import KINDS

UNBOUNDED = 2**62
"""Of a tally: it holds what may not be refused."""

RACES = 5


def tallies_of(changes: Mapping[str, int], limits: BudgetLimits | None = None) -> tuple[Tally, ...]:
    """Changes of the tallies of spending. `limits` hold for a reservation; what was spent, or is given back, is never refused."""

    def high(key: str) -> int:
        kind, _, period = key.partition(":")
        limit = limits.of(period) if limits is not None and kind != "reserved" else None
        return UNBOUNDED if limit is None else pico(limit)

    return tuple(
        Tally(kind=TALLIES, key=key, change=change, low=-UNBOUNDED, high=high(key))
        for key, change in changes.items()
        if change
    )


def charge(cost: Decimal, at: datetime) -> tuple[Tally, ...]:
    """USD that were spent without a reservation, and that an event of the moment `at` (UTC) records."""
    return tallies_of(charged(at.date(), cost))


def counts(event: type[Event]) -> bool:
    """Whether events of this class change the tallies."""
    known = Reservation.Made, Reservation.Retained, Reservation.Done, Reservation.Expired
    return event in known or bool(event.METERS) or event.charge is not Event.charge


TOPICS = sorted(topic for kind in KINDS for topic, event in events_of(kind).items() if counts(event))


def differences(log: Mapping[str, int], tallies: Mapping[str, int]) -> dict[str, int]:
    """What is to be added to the tallies, so that they are the log's sums."""
    changes = Counter(log)
    changes.subtract(tallies)
    return {key: change for key, change in sorted(changes.items()) if change}


async def compare_tallies(tenant: UUID, *, store: Store) -> dict[str, int]:
    """By how much (pico-USD) the log's sums are above the tallies; empty when they are equal."""
    tallied = await store.tallies(tenant, TALLIES)
    sums: Counter[str] = Counter()
    async for recorded in store.events(tenant, topics=TOPICS):
        if recorded.position > tallied.position:
            break
        sums.update(changes_by(recorded.event))
    return differences(sums, tallied.values)


async def mend_tallies(context: Context, *, store: Store, clock: Clock) -> dict[str, int]:
    """Make the tallies the log's sums again, while calls go on; what was added is on record. Returns it: empty when all was well."""
    id = Budget.id_of(context.tenant)
    for race in range(RACES):
        # The budget first: who mends at the same time is seen here, or makes this one's save fail.
        try:
            budget = await store.load(Budget, id, tenant=context.tenant)
        except NotFound:
            budget = Budget.begin(context.tenant, clock())
        changes = await compare_tallies(context.tenant, store=store)
        if not changes:
            return {}
        budget.mend(changes, clock())
        try:
            await store.save(budget, context=context, tallies=tallies_of(changes))
            return changes
        except Conflict:
            if race == RACES - 1:
                raise
    raise AssertionError("unreachable")
