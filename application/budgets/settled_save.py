"""The save that settles: the event that records a call's attempts and the end of what was reserved for them are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from application.budgets.hold import Hold
from application.budgets.ports import Ports
from application.budgets.settle import settlement
from application.ports import Done, Due, Saved, Tally
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, LimitReached
from domain.models.completion import Attempt
from domain.models.pricing import total


async def settled_save(
    record: Aggregate[Any],
    attempts: Sequence[Attempt],
    hold: Hold,
    interaction: UUID,
    context: Context,
    ports: Ports,
    *,
    work: Sequence[Due | Done] = (),
    tallies: Sequence[Tally] = (),
) -> Saved:
    """Save `record`, whose pending events hold `attempts`, and settle `hold`. Raises as `store.save`; it is settled then where nobody
    knows whether it was saved.

    What it held may stay held for whoever calls next (`ReservationPool`); where that would come near the limits it is saved without.
    """
    pool, events, spare = ports.reservation_pool, list(record.pending_events), None
    if pool is not None and total(attempts) and not hold.uncertain:
        spare = await pool.another(hold.reservations, context)
    while True:
        settled = settlement(
            attempts,
            hold.reservations,
            ports.clock(),
            interaction=interaction,
            spare=spare,
            uncertain=hold.uncertain,
        )
        hold.settled = True
        try:
            saved = await ports.store.save(
                *settled.ended,
                record,
                *settled.ahead,
                context=context,
                work=[*work, *settled.work],
                tallies=[*settled.tallies, *tallies],
            )
        except (Conflict, Erased):
            hold.settled = False
            raise
        except LimitReached:
            hold.settled = False
            if pool is None or spare is None:
                raise
            pool.refused(context.tenant)
            record.pending_events[:], spare = events, None
        else:
            if pool is not None and spare is not None:
                pool.put(spare)
            return saved
