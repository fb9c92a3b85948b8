"""Work that is owed, as who does it sees it: what is due, and how its kind is done. And the kinds that adapters owe by themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

PROCESS_WORK = "process_document"
"""A document that is being processed: its text cannot be found yet."""

INDEX_WORK = "index_entry"
"""What a knowledge entry says is not found yet, as it is since its last change. The key: the entry's hex, a stroke, the version of its stream."""

INDEX_OFFER_WORK = "index_offer"
"""A product or a service is not found as it is since its last change. The key: its kind, a stroke, its hex."""

ENRICH_WORK = "enrich_product"
"""A product, whose hex is the key, is to be looked up on the internet."""

DELIVER_WORK = "deliver"
"""Something that the customer of a conversation, whose hex is the key, is to get by a channel."""

FETCH_MEDIA_WORK = "fetch_media"
"""Files that came with messages of a conversation, whose hex is the key, lie at the vendor still."""

ANALYST_LOGINS_WORK = "analyst_logins"
"""The database's logins of a tenant's analysts, whose hex is the key, are to be as the log says."""

PROJECTION_ALERT_WORK = "projection_alert"
"""Due by who parks or stops, in the transaction that does. Its key says all:

`parked/PROJECTION/VERSION/POSITION/TOPIC/ERROR`, `stopped/PROJECTION/VERSION/POSITION/PLACE/REASON/TIME` or
`resumed/PROJECTION/VERSION/POSITION/PLACE/TIME`.
"""


class Item(Protocol):
    """Work that is due."""

    @property
    def tenant(self) -> UUID: ...

    @property
    def kind(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def correlation(self) -> UUID | None: ...

    @property
    def causation(self) -> UUID | None: ...

    @property
    def attempts(self) -> int:
        """Which try this is, from 1."""

    @property
    def holder(self) -> UUID:
        """Who has the row."""

    @property
    def revision(self) -> int:
        """Of what is owed: it grows with each time that it is owed anew."""


Settled = Literal["settled"]
"""Of a try: its row went with what it has saved, so that nothing is left to be said of it."""


Places = Literal["light", "heavy", "watch", "bulk"]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """`handler`: does it, and returns when it is due again; None where it is done. `attempts`: tries before it is parked. `lease`: seconds that a try is one worker's alone; renewed while it runs. `places`: whose it takes.
    What takes long (`heavy`) has places of its own, so that nothing else ever waits for it; so has what must come in time (`watch`), as a look that
    takes back what has gone wrong: it never waits for anything else. And so has what nobody waits for and goes on for long, as a campaign (`bulk`)."""

    handler: Callable[[Item], Awaitable[datetime | Settled | None]]
    attempts: int = 8
    lease: float = 30.0
    places: Places = "light"


class Turn(Protocol):
    """One try at what is owed, by who has its row. Unless told otherwise the row is settled by what was saved."""

    def nothing(self) -> None:
        """It is done: the row goes."""

    def more(self) -> None:
        """There is more to do, by whoever comes first."""


class Turns(Protocol):
    def take(
        self, tenant: UUID, kind: str, key: str, *, within: float, holder: UUID | None = None
    ) -> AbstractAsyncContextManager[Turn | None]:
        """The row of work, as one's own; `holder`: who has it since it was made. None: somebody else has it."""


class WorkPlaces(Protocol):
    async def waited_for(self, kind: str) -> bool:
        """Whether work of this kind is due that nobody has begun, as all its places are taken. Raises Unavailable."""
