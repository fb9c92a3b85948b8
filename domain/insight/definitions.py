"""Definitions and inputs of figures: what counts as what, what it is worth, and what is aimed at. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid
from domain.base.zones import UTC_ZONE, zone_of

FORMULAS = 1
"""Version of the formulas in docs/analytics.md; goes up with any change of one."""

Source = Literal["api", "whatsapp", "console"]
"""Of a rating, as in `Rating.Rated`."""

Conversion = Literal["purchase", "booking"]
Share = Annotated[float, Meta(ge=0, le=1)]
Score = Annotated[float, Meta(ge=1, le=5)]

MOST = Decimal(1_000_000_000)
PLACES = 12
"""Decimal places of an amount at most."""

_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class Targets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rates from 0 to 1. `handoff_rate` is to be below its target, all others are to be above theirs."""

    positive_rate: Share = 0.7
    handoff_rate: Share = 0.15
    completion_rate: Share = 0.8
    csat: Share = 0.8
    cache_hit_rate: Share = 0.6
    collection_rate: Share = 0.3


class Definitions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`time_zone` (IANA): whose days figures are of; null: those of the tenant's time zone (`/v1/time-zone`).

    `completion`: an answer is complete where the agent gave it and did not hand over (`answered`), and, for `undisturbed`, where the customer did not ask
    for a person after it either. `csat_sources`: ratings from where make CSAT. `score_helpful`, `score_not_helpful`: what a rating is on the scale of 1 to 5.
    `conversions`: what counts as one; `attributed_only`: only where it follows an answer of the agent's within 24 hours.

    `revenue_per_purchase`, `revenue_per_booking`: USD of each conversion; null: what was ordered or booked for. `exchange_rates`: USD for one unit of a
    currency; amounts in others than these and USD stand apart and are in no sum. `minutes_saved_per_answer`: of an operator, by each complete answer;
    `operator_cost_per_hour` in USD, null where it is not to be counted. `fixed_cost_per_day`: USD beside what providers cost.
    """

    time_zone: Annotated[str, Meta(max_length=64)] | None = None
    completion: Literal["answered", "undisturbed"] = "answered"
    csat_sources: tuple[Source, ...] = ("api", "whatsapp")
    score_helpful: Score = 5.0
    score_not_helpful: Score = 1.0
    conversions: tuple[Conversion, ...] = ("purchase", "booking")
    attributed_only: bool = True
    revenue_per_purchase: Decimal | None = None
    revenue_per_booking: Decimal | None = None
    exchange_rates: dict[str, Decimal] = {}
    minutes_saved_per_answer: Decimal = Decimal(3)
    operator_cost_per_hour: Decimal | None = None
    fixed_cost_per_day: Decimal = Decimal(0)
    targets: Targets = Targets()

    def check(self) -> None:
        """Raises Invalid."""
        if self.time_zone is not None:
            zone_of(self.time_zone)
        for name in ("csat_sources", "conversions"):
            given = getattr(self, name)
            if not given or len(set(given)) < len(given):
                raise Invalid(f"{name} names at least one, and each once", field=name)
        if self.score_not_helpful >= self.score_helpful:
            raise Invalid("score_not_helpful must be below score_helpful", field="score_not_helpful")
        for currency, rate in self.exchange_rates.items():
            if not _CURRENCY.fullmatch(currency) or currency == "USD":
                raise Invalid(
                    f"exchange_rates: {currency[:10]!r} is no currency to be exchanged; name one as EUR",
                    field="exchange_rates",
                )
            _amount(f"exchange_rates.{currency}", rate, least_above_zero=True)
        for name in (
            "revenue_per_purchase",
            "revenue_per_booking",
            "minutes_saved_per_answer",
            "operator_cost_per_hour",
            "fixed_cost_per_day",
        ):
            if (amount := getattr(self, name)) is not None:
                _amount(name, amount)

    def rate(self, currency: str) -> Decimal | None:
        """USD for one unit; None: nobody has said it."""
        return Decimal(1) if currency == "USD" else self.exchange_rates.get(currency)


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer rests on. `formulas`: version of the formulas; `version`: of the tenant's definitions and inputs, 0 where nothing was ever set.
    `prices`: the table that costs go by: each call by the price that it was charged by (`retrace replay prices` has other tables)."""

    formulas: int = FORMULAS
    prices: Literal["as-recorded"] = "as-recorded"
    version: int = 0
    values: Definitions = msgspec.field(default_factory=Definitions)

    @property
    def zone(self) -> str:
        """Whoever asks has put the tenant's into `values`, where those name none."""
        return self.values.time_zone or UTC_ZONE


def _amount(name: str, amount: Decimal, *, least_above_zero: bool = False) -> None:
    field = name.partition(".")[0]
    if not amount.is_finite() or not 0 <= amount <= MOST or (least_above_zero and amount == 0):
        above = "above 0" if least_above_zero else "from 0"
        raise Invalid(f"{name} is an amount {above} to {MOST}", field=field)
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > PLACES:
        raise Invalid(f"{name} has at most {PLACES} decimal places", field=field)
