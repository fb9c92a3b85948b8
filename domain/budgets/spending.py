"""What each event of the log adds to the tenant's tallies of spending: the tallies are this sum over the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from domain.base.aggregate import Event
from domain.base.money import pico
from domain.budgets.budget import month_of
from domain.budgets.reservation import Reservation
from domain.models.completion import Attempt
from domain.models.metering import calls_of


def changes_by(event: Event | None) -> Counter[str]:
    """Tally → change in pico-USD.

    Every event that has calls of providers on record charges them. None, an event whose payload was erased, adds nothing; the events that count hold
    nothing personal and are never erased.
    """
    match event:
        case Reservation.Made():
            return held(event.day, event.amount)
        case Reservation.Retained():
            return held(event.day, -event.released)
        case Reservation.Done() | Reservation.Expired():
            return held(event.day, -event.amount)
        case Event() if (whole := event.charge()) is not None:
            return charged(event.timestamp.date(), whole)
    return charged_for(calls_of(event))


def held(day: date, amount: int) -> Counter[str]:
    """A reservation of `amount` pico-USD; when it ends, the same below zero."""
    return Counter({**spent(day, amount), f"reserved:{day}": amount})


def charged_for(attempts: Iterable[Attempt]) -> Counter[str]:
    """A call costs on the day (UTC) on which it began."""
    total: Counter[str] = Counter()
    for attempt in attempts:
        if attempt.cost:
            total.update(charged(attempt.started_at.date(), attempt.cost))
    return total


def charged(day: date, cost: Decimal) -> Counter[str]:
    return spent(day, pico(cost)) if cost else Counter()


def spent(day: date, amount: int) -> Counter[str]:
    return Counter({f"day:{day}": amount, f"month:{month_of(day)}": amount})
