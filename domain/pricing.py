"""Prices in USD per million tokens, with validity times, and the exact cost of a usage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec

from domain.completion import Usage

MILLION = Decimal(1_000_000)


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs from `since` (inclusive) until `until` (exclusive; None: open). USD per million tokens."""

    provider: str
    model: str
    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    """None: cached input costs as other input does."""
    since: datetime
    until: datetime | None = None

    @property
    def id(self) -> str:
        """Names this price in an attempt: provider/model@date."""
        return f"{self.provider}/{self.model}@{self.since.date().isoformat()}"


class PriceTable:
    """Looks up the price in force. Two prices of one model may not overlap: ValueError."""

    def __init__(self, prices: Iterable[Price]) -> None:
        self._prices: dict[tuple[str, str], list[Price]] = {}
        for price in sorted(prices, key=lambda price: price.since):
            earlier = self._prices.setdefault((price.provider, price.model), [])
            if earlier and (earlier[-1].until is None or earlier[-1].until > price.since):
                raise ValueError(
                    f"the prices {earlier[-1].id} and {price.id} overlap; end the first before the second"
                )
            earlier.append(price)

    def at(self, provider: str, model: str, time: datetime) -> Price | None:
        """The price of a provider's model in force at `time`, or None."""
        for price in self._prices.get((provider, model), ()):
            if price.since <= time and (price.until is None or time < price.until):
                return price
        return None


def cost(usage: Usage, price: Price) -> Decimal:
    """Exact cost in USD. Cached tokens are part of the input and priced apart; reasoning is part of the output."""
    cached = price.input if price.cached is None else price.cached
    return (
        (usage.input - usage.cached) * price.input + usage.cached * cached + usage.output * price.output
    ) / MILLION
