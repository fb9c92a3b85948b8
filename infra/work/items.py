"""A row of work as a worker holds it, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum
from uuid import UUID

import msgspec

from application.ports import Unavailable


class Item(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A leased row. `attempts` counts this try; `holder` proves the lease; `revision` tells whether it was owed again meanwhile.

    `correlation` is the request that began it all, `causation` the event that made it due; None in rows of earlier versions.
    """

    tenant: UUID
    kind: str
    key: str
    due_at: datetime
    attempts: int
    revision: int
    holder: UUID
    correlation: UUID | None = None
    causation: UUID | None = None


class Ending(IntEnum):
    """How a try ended; the numbers are those of `finish_work` in infra/schema/015_work.sql. GIVEN_BACK does not count as a try."""

    DONE = 0
    AGAIN = 1
    FAILED = 2
    PARKED = 3
    GIVEN_BACK = 4


class Finished(msgspec.Struct, frozen=True, eq=False):
    """`again_at`: when it is due again (AGAIN); `wait`: seconds until the next try (FAILED, GIVEN_BACK, and PARKED when it was
    owed again meanwhile); `error` is stored and shown, so it holds no personal text. `known`: the database knows it already."""

    item: Item
    ending: Ending
    again_at: datetime | None = None
    wait: float = 0
    error: str | None = None
    known: bool = False


class Claim(msgspec.Struct, frozen=True):
    """`whole`: every lane was looked at, so that an empty claim means that nothing is due."""

    items: Sequence[Item]
    whole: bool


class Unsure(Unavailable):
    """The connection broke while a claim was committed; whoever made it gives `items` back."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        super().__init__("the database did not say whether the claim was made")


def whose(items: Sequence[Item]) -> UUID | None:
    """The tenant on whose behalf a caller's turn goes on; None for several, as workers have them."""
    tenants = {item.tenant for item in items}
    return tenants.pop() if len(tenants) == 1 else None
