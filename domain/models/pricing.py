"""Prices in USD per million tokens, with validity times, and the exact cost of a usage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Context, Decimal, localcontext
from itertools import pairwise

import msgspec

from domain.base.errors import Invalid
from domain.models.completion import Attempt, Usage

MILLION = Decimal(1_000_000)
EXACT = Context(prec=100)
"""Nothing is rounded: the finest price times a count of tokens that fills 64 bits has about 40 digits."""

DEAREST = Decimal(1_000_000)
LONGEST_CONTEXT = 1_000_000_000
MOST_TIERS = 8
CHEAPER_TIERS = frozenset({"flex", "batch"})
"""Service tiers that no vendor sells above the standard price."""

UNPRICED_TIERS = {"priority": 3}
OTHER_TIER = 6
"""Times the standard price: what a dearer service tier costs that a price does not name. The vendors ask up to 2.5 times as much for
`priority`, and up to 6 times for any other (OpenAI's and Google's pages of prices, November 2026)."""

FINEST = 6
"""Decimals of a price: so a cost has at most twelve, which shared sums keep to the last one (`domain/base/money.py`)."""


class LongContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole request costs once its input has more than `above` tokens. USD per million tokens."""

    above: int
    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None


class ServiceTier(msgspec.Struct, frozen=True, kw_only=True):
    """What a call costs that this service tier has served, as "priority" or "flex". USD per million tokens."""

    name: str
    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    long_context: tuple[LongContext, ...] = ()


Terms = LongContext | ServiceTier
"""What has figures, beside a price itself."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs from `since` (inclusive) until `until` (exclusive; None: open). USD per million tokens."""

    provider: str
    model: str
    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    """None: cached input costs as other input does."""
    cache_write: Decimal | None = None
    """Of input that the provider put into its cache. None: as other input."""
    long_context: tuple[LongContext, ...] = ()
    """By `above`, the lowest first."""
    service_tiers: tuple[ServiceTier, ...] = ()
    since: datetime
    until: datetime | None = None
    revision: str = ""
    """Tells prices of one model and day apart: empty as shipped, a tenant's own ones count from 1."""

    @property
    def id(self) -> str:
        """Names this price in an attempt: provider/model@date, with #revision where it has one."""
        revision = f"#{self.revision}" if self.revision else ""
        return f"{self.provider}/{self.model}@{self.since.date().isoformat()}{revision}"

    @property
    def names(self) -> str:
        """The model, as provider/model."""
        return f"{self.provider}/{self.model}"

    @property
    def every_tier(self) -> bool:
        """Whether it is what a call costs whichever service tier served it."""
        return False

    @property
    def terms(self) -> tuple[object, ...]:
        """What it comes to, whatever it is called and whenever it is in force."""
        figures = self.input, self.output, self.cached, self.cache_write
        return *figures, self.long_context, self.service_tiers

    @property
    def free(self) -> bool:
        """Whether nothing costs anything."""
        return not any(self.terms)

    def holds(self, time: datetime) -> bool:
        return self.since <= time and (self.until is None or time < self.until)

    def overlaps(self, other: Price) -> bool:
        """Whether there is a moment at which both are in force."""
        return (self.until is None or other.since < self.until) and (
            other.until is None or self.since < other.until
        )

    def check(self) -> None:
        """Raises Invalid where the figures can't be a price."""
        if self.until is not None and self.until <= self.since:
            raise Invalid(f"the price {self.id} ends before it begins")
        for figure in self._figures():
            if not figure.is_finite() or not 0 <= figure <= DEAREST:
                raise Invalid(f"a price lies between 0 and {DEAREST} USD per million tokens")
            if -int(figure.as_tuple().exponent) > FINEST:
                raise Invalid(f"a price has at most {FINEST} decimals")
        for long_context in (self.long_context, *(tier.long_context for tier in self.service_tiers)):
            _check(long_context)
        names = [tier.name for tier in self.service_tiers]
        if len(names) > MOST_TIERS or len(set(names)) < len(names):
            raise Invalid(f"service_tiers has at most {MOST_TIERS} entries, each name once")
        if any(not 1 <= len(name) <= 40 or name != name.lower() or name == "standard" for name in names):
            raise Invalid(
                'a service tier\'s name has 1 to 40 lower-case characters; "standard" is the price itself'
            )

    def _figures(self) -> Iterator[Decimal]:
        longs = (*self.long_context, *(each for tier in self.service_tiers for each in tier.long_context))
        every: tuple[Price | Terms, ...] = (self, *self.service_tiers, *longs)
        for terms in every:
            for figure in (terms.input, terms.output, terms.cached, terms.cache_write):
                if figure is not None:
                    yield figure


def timeline(prices: Iterable[Price]) -> dict[str, list[Price]]:
    """provider/model → its prices in order of time. Raises ValueError where two of one model overlap."""
    found: dict[str, list[Price]] = {}
    for price in sorted(prices, key=lambda price: price.since):
        price.check()
        earlier = found.setdefault(price.names, [])
        if earlier and earlier[-1].overlaps(price):
            raise ValueError(
                f"the prices {earlier[-1].id} and {price.id} overlap; end the first before the second"
            )
        earlier.append(price)
    return found


def in_force(prices: Sequence[Price], time: datetime) -> Price | None:
    """The price that holds at `time`: of several the one that was set last."""
    for price in reversed(prices):
        if price.holds(time):
            return price
    return None


def most(input: int, output: int, price: Price, tier: str | None = None) -> Decimal:
    """What so many tokens can cost at most: when none of the input was cached and, where that is dearer, all of it is put into the cache; by the standard
    service tier, or by the `tier` that was asked for, whichever serves it."""
    return max(
        cost(Usage(input=input, written=written, output=output, tier=each), price)
        for written in (0, input)
        for each in {None, tier}
    )


def cost(usage: Usage, price: Price) -> Decimal:
    """Exact cost in USD. Cached tokens and those put into the cache are part of the input and priced apart; reasoning is output.

    Where a provider names more of those than input, it has counted them apart: no input is left beside them. A service tier that the
    price names costs as it says there; another one never less than the standard one: by the dearest that is known of it. A ceiling is
    above them all.
    """
    tier = usage.tier
    if tier is None or price.every_tier:
        return _cost(usage, price)
    for terms in price.service_tiers:
        if terms.name == tier:
            return _cost(usage, terms)
    standard = _cost(usage, price)
    if tier in CHEAPER_TIERS:
        return standard
    if tier in UNPRICED_TIERS:
        return EXACT.multiply(standard, Decimal(UNPRICED_TIERS[tier]))
    known = (_cost(usage, terms) for terms in price.service_tiers)
    return max(EXACT.multiply(standard, Decimal(OTHER_TIER)), *known, standard)


def _cost(usage: Usage, terms: Price | Terms) -> Decimal:
    if not isinstance(terms, LongContext):
        for tier in terms.long_context:
            if usage.input > tier.above:
                terms = tier
    cached = terms.input if terms.cached is None else terms.cached
    written = terms.input if terms.cache_write is None else terms.cache_write
    with localcontext(EXACT):
        return (
            max(0, usage.input - usage.cached - usage.written) * terms.input
            + usage.cached * cached
            + usage.written * written
            + usage.output * terms.output
        ) / MILLION


def _check(long_context: tuple[LongContext, ...]) -> None:
    if len(long_context) > MOST_TIERS:
        raise Invalid(f"long_context has at most {MOST_TIERS} entries")
    if any(first.above >= second.above for first, second in pairwise(long_context)):
        raise Invalid("long_context goes from the lowest `above` to the highest, each once")
    if any(not 1 <= tier.above <= LONGEST_CONTEXT for tier in long_context):
        raise Invalid(f"`above` is a number of tokens between 1 and {LONGEST_CONTEXT}")


def total(attempts: Iterable[Attempt]) -> Decimal:
    """What they cost together, exact."""
    with localcontext(EXACT):
        return sum((attempt.cost for attempt in attempts), Decimal(0))
