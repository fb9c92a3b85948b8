"""A ceiling price: what a call is charged whose model has no price that anybody knows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

import msgspec

from domain.models.pricing import Price

PREFIX = "ceiling:"


class Ceiling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """USD per million tokens, meant to be above what any model costs that a tenant may come to ask."""

    input: Decimal
    output: Decimal

    def price(self, provider: str, model: str, at: datetime) -> CeilingPrice:
        return CeilingPrice(provider=provider, model=model, input=self.input, output=self.output, since=at)


class CeilingPrice(Price, frozen=True, kw_only=True):
    """A ceiling in the place of a price. Its id tells that it is one, and its figures, so that what was charged can be computed again."""

    @property
    def id(self) -> str:
        return f"{PREFIX}{self.input}/{self.output}"

    @property
    def every_tier(self) -> bool:
        return True


def ceiling_named(id: str, at: datetime) -> CeilingPrice | None:
    """The price of a ceiling's id; None for any other id."""
    if not id.startswith(PREFIX):
        return None
    try:
        given, taken = map(Decimal, id.removeprefix(PREFIX).split("/"))
    except (InvalidOperation, ValueError):
        return None
    return Ceiling(input=given, output=taken).price("", "", at)
