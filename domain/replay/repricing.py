"""Recorded calls at the prices of another table: what they were charged, what they would be, day by day and model by model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal

import msgspec

from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Usage
from domain.models.pricing import EXACT, Price, cost
from domain.models.usage_forms import Forms
from domain.replay.saving import Interval, Pairs

NOTHING = Decimal(0)


class Table(msgspec.Struct, frozen=True):
    """A price table under its name, which stands beside every sum. `known` is False where it can't tell what a call costs.

    `forms`: by which the raw usage is read again; None: as it was read.
    """

    name: str
    price: Callable[[Attempt], tuple[Price | None, bool]]
    forms: Forms | None = None

    def usage(self, attempt: Attempt) -> Usage:
        """What a recorded call used."""
        read = self.forms.read(attempt.raw_usage, attempt.served or attempt.model) if self.forms else None
        if read is None or not read.input or (attempt.usage.output and not read.output):
            return attempt.usage
        return read

    def charge(self, attempt: Attempt) -> tuple[Decimal | None, str | None]:
        """What a recorded call costs here, from its raw usage, and by which price. None: this table does not know."""
        usage = self.usage(attempt)
        if attempt.cached or not (usage.input or usage.output):
            return NOTHING, None
        price, known = self.price(attempt)
        if price is None:
            return (NOTHING if known else None), None
        return cost(usage, price), price.id


def as_recorded(catalogue: Catalogue) -> Table:
    """Each call by the price that it was charged by, named on record; one that named none was free, or its price unknown."""

    def price(attempt: Attempt) -> tuple[Price | None, bool]:
        if attempt.price is None:
            return None, True
        return catalogue.price_named(attempt.price), False

    return Table("as-recorded", price)


def under(catalogue: Catalogue, forms: Forms | None = None) -> Table:
    """Each call by the price that this catalogue has for the day on which it was made; its raw usage read again by `forms`."""

    def price(attempt: Attempt) -> tuple[Price | None, bool]:
        at, served = attempt.started_at, attempt.served
        return catalogue.charged(attempt.provider, attempt.model, served, at), False

    return Table(catalogue.name, price, forms)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A call that costs something else. `position` is its event's. `new` None: the table has no price for it."""

    position: int
    started_at: datetime
    provider: str
    model: str
    served: str | None
    usage: Usage
    recorded: Decimal
    recorded_price: str | None
    new: Decimal | None
    new_price: str | None


class Sum(msgspec.Struct, kw_only=True):
    """Of a day (UTC) and a served model. `prices` are those of `new`; `unpriced` calls are in `recorded` and not in `new`."""

    day: date
    model: str
    table: str
    calls: int = 0
    different: int = 0
    unpriced: int = 0
    recorded: Decimal = NOTHING
    recorded_prices: list[str] = []
    new: Decimal = NOTHING
    prices: list[str] = []


class Repricing(msgspec.Struct, kw_only=True):
    """USD, exact, and `mean_difference` for each call that has a price: what to expect of further ones. `rows` has the first calls that differ,
    `rows_left_out` counts the others."""

    table: str
    calls: int = 0
    different: int = 0
    unpriced: int = 0
    recorded: Decimal = NOTHING
    new: Decimal = NOTHING
    mean_difference: Interval = Interval(estimate=0.0, low=None, high=None)
    sums: list[Sum] = []
    rows: list[Row] = []
    rows_left_out: int = 0


class Repricer:
    """Folds recorded calls. Holds a sum for each day and model, and at most `limit` rows."""

    def __init__(self, table: Table, limit: int) -> None:
        self._table, self._limit = table, limit
        self._sums: dict[tuple[date, str], Sum] = {}
        self._found, self._pairs = Repricing(table=table.name), Pairs()

    def add(self, position: int, attempts: Iterable[Attempt]) -> None:
        for attempt in attempts:
            self._add(position, attempt)

    def result(self) -> Repricing:
        """Of all that was added so far."""
        self._found.sums = [each for _, each in sorted(self._sums.items())]
        self._found.mean_difference = self._pairs.difference()
        return self._found

    def _add(self, position: int, attempt: Attempt) -> None:
        new, price = self._table.charge(attempt)
        model = f"{attempt.provider}/{attempt.served or attempt.model}"
        key = (attempt.started_at.date(), model)
        if (total := self._sums.get(key)) is None:
            total = self._sums[key] = Sum(day=key[0], model=model, table=self._table.name)
        different = new != attempt.cost
        if new is not None:
            self._pairs.add(attempt.cost, new)
        for each in (total, self._found):
            each.calls += 1
            each.different += different
            each.unpriced += new is None
            each.recorded = EXACT.add(each.recorded, attempt.cost)
            each.new = EXACT.add(each.new, new or NOTHING)
        for named, prices in ((attempt.price, total.recorded_prices), (price, total.prices)):
            if named is not None and named not in prices:
                prices.append(named)
        if different and len(self._found.rows) < self._limit:
            self._found.rows.append(_row(position, attempt, self._table.usage(attempt), new, price))
        elif different:
            self._found.rows_left_out += 1


def _row(position: int, attempt: Attempt, usage: Usage, new: Decimal | None, price: str | None) -> Row:
    return Row(
        position=position,
        started_at=attempt.started_at,
        provider=attempt.provider,
        model=attempt.model,
        served=attempt.served,
        usage=usage,
        recorded=attempt.cost,
        recorded_price=attempt.price,
        new=new,
        new_price=price,
    )
