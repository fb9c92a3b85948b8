"""What a suggestion may be made of: offers that an answer may be about, and what goes with each, as it was known at that moment. Pure values."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from domain.shop.catalogue import OfferKind

By = Literal["pressed", "named", "cited", "viewed", "bought"]
"""How the answer comes to be about it: its button was pressed, the messages name it, the answer cites it, it was looked at last, or was bought lately."""

PRECEDENCE: dict[By, int] = {"pressed": 0, "named": 1, "cited": 2, "viewed": 3, "bought": 4}


LATELY = timedelta(days=1)
"""For which what was bought or booked may be what an answer is about."""

SOON = timedelta(days=14)
"""Within which a service can be had that is suggested."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that the answer may be about."""

    offer: UUID
    name: str
    by: By


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What goes with the offer `to`. `rank`: which of those that the tenant names for it, from 0; None: it names none. `customers`: how many have
    bought or booked both. `price`: as it is told. `stock`: pieces of a product; `slot`: when the service can be had next, None: not soon. `bought`: by
    this customer."""

    offer: UUID
    kind: OfferKind
    name: str
    price: str = ""
    to: UUID
    rank: int | None = None
    customers: int = 0
    stock: int | None = None
    slot: datetime | None = None
    bought: bool = False

    @property
    def there(self) -> bool:
        """Whether it can be had."""
        return self.slot is not None if self.kind == "service" else bool(self.stock)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """`candidates`: of all subjects, the best first of each."""

    subjects: tuple[Subject, ...] = ()
    candidates: tuple[Candidate, ...] = ()


NOTHING = Known()
