"""What must hold of budgets after every event: nothing is held beyond a limit, nothing is held for ever or given back twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.base.aggregate import NIL, Event
from domain.base.money import pico, usd
from domain.base.recorded import Recorded
from domain.budgets.budget import Budget, BudgetLimits, month_of
from domain.budgets.reservation import Reservation
from domain.budgets.spending import changes_by
from domain.models.completion import Attempt
from domain.models.metering import calls_of

LATELY = timedelta(minutes=1)
"""For how long a process may go by a limit that was changed meanwhile, with the difference of two machines' clocks."""


def no_call_is_let_through_a_budget_that_does_not_cover_it() -> Callable[[Recorded], str | None]:
    """Each reservation fits, beside all that is spent and reserved, into limits that were in force lately; and no call that costs
    something begins without one once a limit is used up. So a limit is exceeded at most by what calls in flight cost beyond
    their reservations."""
    spending = _Spending()

    def check(recorded: Recorded) -> str | None:
        event = recorded.event
        if isinstance(event, Budget.Set):
            spending.limit(recorded, event.limits)
            return None
        changes = changes_by(event)
        spending.add(changes, recorded.recorded_at)
        if isinstance(
            event, Reservation.Made | Reservation.Retained | Reservation.Done
        ) and event.interaction not in (None, NIL):
            spending.reserved.add(event.interaction)
        if isinstance(event, Reservation.Made):
            spending.made.add(recorded.stream)
            return spending.wrong_with(event)
        if (
            event is not None
            and changes
            and not isinstance(event, Reservation.Event)
            and not event.presumed()
        ):
            return spending.unreserved(recorded, event, changes)
        return None

    return check


def _held(call: Attempt) -> bool:
    """Whether something is to be reserved for such a call."""
    return call.kind == "chat" or call.provider != "local"


def every_call_is_held_until_it_ends() -> Callable[[Recorded], str | None]:
    """Its reservations do not expire before it, and from a minute after a limit was set no call of a model that costs something begins
    without one. For those of the built-in embedding model nothing is reserved; of calls whose process ended nobody knows what was."""
    limited: datetime | None = None
    held: set[UUID] = set()
    retained: set[UUID] = set()
    expired: dict[UUID, datetime] = {}

    def check(recorded: Recorded) -> str | None:
        nonlocal limited
        event = recorded.event
        if isinstance(event, Budget.Set):
            limited = None if not event.limits.any else limited or recorded.recorded_at
        elif isinstance(event, Reservation.Made | Reservation.Retained | Reservation.Done):
            held.update({event.interaction} if event.interaction not in (None, NIL) else ())
            if isinstance(event, Reservation.Retained):  # its call has given back the rest
                retained.add(recorded.stream)
        elif isinstance(event, Reservation.Expired) and recorded.stream not in retained:
            expired[recorded.stream] = recorded.recorded_at
        paid = [each.started_at for each in calls_of(event) if each.cost and _held(each)]
        if not paid or event is None or event.presumed():
            return None
        named: tuple[UUID, ...] = getattr(event, "reservations", ())
        if gone := [expired[each] for each in named if each in expired]:
            return f"the call went on beyond {min(gone):%H:%M:%S}, when what it had reserved expired"
        if named or getattr(event, "interaction", recorded.stream) in held:
            return None
        if limited is not None and min(paid) > limited + LATELY:
            return f"a call that began at {min(paid):%H:%M:%S} was not held, though there was a limit"
        return None

    return check


def every_reservation_ends_once() -> Callable[[Recorded], str | None]:
    held: dict[UUID, tuple[date, int]] = {}

    def check(recorded: Recorded) -> str | None:
        event = recorded.event
        if isinstance(event, Reservation.Made):
            held[recorded.stream] = event.day, event.amount
        elif isinstance(event, Reservation.Extended | Reservation.Retained):
            was = held.get(recorded.stream)
            if was is None:
                return "a reservation goes on that is not open"
            if isinstance(event, Reservation.Retained):
                if was != (event.day, event.amount + event.released):
                    return f"{usd(was[1])} USD were held for {was[0]}, {usd(event.amount)} for {event.day} stay so, and {usd(event.released)} do not"
                held[recorded.stream] = event.day, event.amount
        elif isinstance(event, Reservation.Done | Reservation.Expired):
            was = held.pop(recorded.stream, None)
            if was is None:
                return "a reservation ends that is not open"
            if was != (event.day, event.amount):
                return f"{usd(was[1])} USD were held for {was[0]}, {usd(event.amount)} for {event.day} are given back"
        return None

    return check


class _Spending:
    """A tenant's tallies, and its limits over time."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.limits: list[tuple[int, datetime, BudgetLimits]] = []
        self.gone: dict[str, datetime] = {}
        """Tally → since when its limit is used up."""

        self.reserved: set[UUID] = set()
        """Interactions for which something was reserved, by what their reservations say."""

        self.made: set[UUID] = set()
        """Reservations."""

    def limit(self, recorded: Recorded, limits: BudgetLimits) -> None:
        self.limits.append((recorded.version, recorded.recorded_at, limits))
        self.gone.clear()
        self._look(self.totals, recorded.recorded_at)

    def add(self, changes: Counter[str], at: datetime) -> None:
        self.totals.update(changes)
        self._look(changes, at)

    def wrong_with(self, made: Reservation.Made) -> str | None:
        """What is wrong with the reservation that was added last."""
        known = [n for n, (version, _, _) in enumerate(self.limits) if version <= made.budget]
        if not known:
            return f"version {made.budget} of the budget, which the reservation names, sets no limits"
        _, _, limits = self.limits[known[-1]]
        for name, limit, held in (
            ("day", limits.day, made.day_limit),
            ("month", limits.month, made.month_limit),
        ):
            if (None if limit is None else pico(limit)) != held:
                return f"the reservation was held against another limit of the {name} than version {made.budget} sets"
        if known[-1] + 1 < len(self.limits) and self.limits[known[-1] + 1][1] < made.timestamp - LATELY:
            return f"the reservation was held against version {made.budget} of the budget, which was long replaced"
        for key, held in (
            (f"day:{made.day}", made.day_limit),
            (f"month:{month_of(made.day)}", made.month_limit),
        ):
            if held is not None and self.totals[key] > held:
                return f"{usd(self.totals[key])} USD are spent and reserved of {usd(held)} for {key}"
        return None

    def unreserved(self, recorded: Recorded, event: Event, changes: Counter[str]) -> str | None:
        """Whether costs came from a call that began without a reservation when there was nothing left."""
        named: tuple[UUID, ...] = getattr(event, "reservations", ())
        if not self.made.issuperset(named):
            return "the call names a reservation that was never made"
        if named or getattr(event, "interaction", recorded.stream) in self.reserved:
            return None
        began = min((each.started_at for each in calls_of(event) if each.cost), default=event.timestamp)
        for key in changes:
            since = self.gone.get(key)
            if since is not None and began > since + LATELY and self.totals[key] > (self._limit_of(key) or 0):
                return f"a call that began at {began:%H:%M:%S} was not held back, though {key} was used up"
        return None

    def _look(self, keys: Counter[str], at: datetime) -> None:
        for key in keys:
            limit = self._limit_of(key)
            if limit is not None and self.totals[key] >= limit:
                self.gone.setdefault(key, at)
            else:
                self.gone.pop(key, None)

    def _limit_of(self, key: str) -> int | None:
        kind, _, period = key.partition(":")
        limit = self.limits[-1][2].of(period) if self.limits and kind != "reserved" else None
        return None if limit is None else pico(limit)
