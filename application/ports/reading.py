"""What commands need to know from read models, and from the directory of tenants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from domain.campaigns.audience import Audience
from domain.feedback.judgement import Category
from domain.flags.outcome import OFF, ON, Outcome
from domain.shop.catalogue import Catalogue
from domain.shop.occupancy import Held


class Located(msgspec.Struct, frozen=True):
    """Where an interaction's events are: in this conversation's stream, from this version on."""

    conversation: UUID
    first_version: int


class Locator(Protocol):
    """Finds what an id belongs to."""

    async def locate(self, tenant: UUID, interaction: UUID) -> Located:
        """Raises NotFound."""


class NamedDocuments(Protocol):
    """Documents by the keyed hashes of their names."""

    async def find(self, tenant: UUID, name_key: UUID, *, before: UUID | None = None) -> Sequence[UUID]:
        """Those that there are, the oldest first, of all that the log has now; `before`: only those uploaded before this one.

        Raises Unavailable while the read model does not know it.
        """


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, of a conversation or of a call, and the position at which the log has it."""

    stream: UUID
    position: int


class Authorship(Protocol):
    """Which answers have a text."""

    async def find(self, tenant: UUID, fingerprints: Collection[bytes], limit: int) -> Sequence[Writing]:
        """The newest `limit` answers with one of these fingerprints (domain/audit/authorship.py), the newest first."""


class IdleConversation(msgspec.Struct, frozen=True, kw_only=True):
    """`last_at`: when something last happened in it."""

    conversation: UUID
    last_at: datetime


class Idle(Protocol):
    """Conversations in which nothing happens, as far as the read model knows."""

    async def find(
        self, tenant: UUID, *, until: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[IdleConversation]:
        """Those whose last event is older than `until`, the oldest first; `after` is the (last_at, conversation) of the last one seen."""


class Purchased(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of what a customer has booked and ordered."""

    bookings: Sequence[UUID]
    orders: Sequence[UUID]


class Purchases(Protocol):
    """What customers have booked and ordered, as read models know it."""

    async def of(self, tenant: UUID, conversation: UUID) -> Purchased:
        """All of it that the log has now, but for what was forgotten. Raises Unavailable while a read model does not know it."""

    async def lately(self, tenant: UUID, conversation: UUID, limit: int) -> Purchased:
        """The `limit` newest orders, and as many bookings from the latest to come on, as read models know them now; nothing is waited for.
        Raises Unavailable."""

    async def busy(
        self, tenant: UUID, conversations: Collection[UUID], since: datetime, *, all_known: bool
    ) -> set[UUID]:
        """Those of which something that is booked ends, or an order was placed or has changed, at this time or later, or is still to be fulfilled.

        `all_known`: of all that the log has now; raises Unavailable while a read model does not know it.
        """


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """`other` goes with `offer`: the tenant names it as the one of that `rank`, or None; so many `customers` have both. `stock` of a product. `bought`: the customer
    has it."""

    offer: UUID
    other: UUID
    rank: int | None
    customers: int
    stock: int | None
    bought: bool


class Pairs(Protocol):
    """What goes with offers, as read models know it."""

    async def of(
        self, tenant: UUID, conversation: UUID, offers: Sequence[UUID], now: datetime
    ) -> tuple[Sequence[Paired], Mapping[UUID, Sequence[Held]]]:
        """Also of what the customer has bought lately; and the places of services among the others that are taken in the days to come. In one round
        trip. Raises Unavailable."""


class Offers(Protocol):
    """All that tenants offer, in memory."""

    async def get(self, tenant: UUID, at_least: int | None = None) -> Catalogue:
        """As of a second ago at most, and of this position of the log at least. Raises Unavailable, Ahead."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was read at a `position` of the log: customers who were closed `until` then, in the order of their assignment."""

    position: int
    until: datetime
    outcomes: Sequence[Outcome]


class Outcomes(Protocol):
    """What came of customers while something is rolled out, or compared."""

    async def closed(
        self, tenant: UUID, split: UUID, *, new: str = ON, beside: str = OFF, until: datetime
    ) -> Seen:
        """Of those in these two arms, of all that the log has now. `split`: the id of the rollout, the experiment or the deployment. Raises
        Unavailable while the read model is behind."""


class ShadowProgress(msgspec.Struct, frozen=True, kw_only=True):
    """`answers` that a deployment's candidate was tried at; `reached`: the position of the last one of them, 0 where there is none."""

    answers: int
    reached: int


class Shadows(Protocol):
    """How far shadow runs have come."""

    async def progress(self, tenant: UUID, deployment: UUID) -> ShadowProgress:
        """As of now. Raises Unavailable while the read model is behind."""


class ApprovedCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log has it: `proposed` is the position of its first event, `texts` that of the event with its latest texts."""

    correction: UUID
    proposed: int
    texts: int
    category: Category
    quality: float


class Corrections(Protocol):
    """Corrections that were approved."""

    async def approved(
        self, tenant: UUID, *, above: float, after: UUID | None, limit: int
    ) -> Sequence[ApprovedCorrection]:
        """With a quality above this one, by their ids, from the one after `after` on; of all that the log has now. Raises Unavailable."""


class KnownDataset(msgspec.Struct, frozen=True, kw_only=True):
    """`added`: position at which cases were last added, 0 for never."""

    dataset: UUID
    added: int


class Datasets(Protocol):
    """Which datasets there are."""

    async def all(self, tenant: UUID) -> Sequence[KnownDataset]:
        """Those that were not deleted, of all that the log has now. Raises Unavailable."""


class Directory(Protocol):
    """Which tenants there are."""

    async def tenants(self, *, after: UUID, limit: int) -> list[UUID]:
        """Ids in their order, from the one after `after` on."""

    async def has(self, tenant: UUID) -> bool:
        """Whether there is one, or was: what is left of an erased one's log can be looked at. Raises Moved."""

    async def count(self) -> int:
        """How many there are, or were."""


class Customers(Protocol):
    """Who has written to the tenant, as the read model knows them: ids and figures."""

    async def find(
        self, tenant: UUID, audience: Audience, begins: datetime, *, campaign: UUID, after: UUID, limit: int
    ) -> Sequence[UUID]:
        """Conversations of the audience, in the order of their ids, from the one after `after` on; without those that the campaign has reached or
        left out before, as far as it is known. `begins`: from when on days count back; whoever came later is not in it."""

    async def count(
        self, tenant: UUID, audience: Audience, begins: datetime, *, heard_before: datetime | None = None
    ) -> int:
        """How many there are in it; `heard_before`: of those who wrote last before then."""

    async def last_bought(
        self, tenant: UUID, conversations: Sequence[UUID], kind: Literal["product", "service"]
    ) -> Mapping[UUID, UUID]:
        """Conversation → what its customer has ordered, or booked, last, and not cancelled. Raises Unavailable."""
