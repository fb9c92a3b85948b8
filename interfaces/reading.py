"""The ports of application/ports/reading.py, answered by read models: here alone both are at hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from application.ports import (
    ApprovedCorrection,
    IdleConversation,
    KnownDataset,
    Located,
    Paired,
    Purchased,
    Seen,
    ShadowProgress,
    Writing,
)
from domain.answers.suggesting.known import LATELY, SOON
from domain.answers.suggesting.suggest import TOGETHER
from domain.base.errors import NotFound
from domain.campaigns.audience import Audience
from domain.flags.outcome import OFF, ON
from domain.shop.occupancy import Held
from infra.projections.reads import Reads
from projections import (
    authorship,
    bookings,
    campaign_audience,
    conversations,
    corrections,
    customers,
    datasets,
    deployments,
    documents,
    goes_with,
    interactions,
    orders,
    outcomes,
    transcript,
)


class TranscriptLocator:
    """Finds interactions in the transcript. Implements `application.ports.Locator`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def locate(self, tenant: UUID, interaction: UUID) -> Located:
        """Raises NotFound, or Unavailable while the transcript can't tell."""
        row = await self._reads.find(
            tenant,
            transcript.Transcript(),
            lambda sql: interactions.get_interaction(sql, tenant, interaction),
        )
        if row is None:
            raise NotFound(f"there is no interaction {interaction} in this tenant")
        return Located(row.conversation, row.first_version)


class ReadNamedDocuments:
    """Finds documents of a name in the read model. Implements `application.ports.NamedDocuments`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(self, tenant: UUID, name_key: UUID, *, before: UUID | None = None) -> Sequence[UUID]:
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, documents.Documents(), head) as sql:
            return await documents.documents_named(sql, tenant, name_key, before)


class ReadIdle:
    """Finds idle conversations in the transcript. Implements `application.ports.Idle`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(
        self, tenant: UUID, *, until: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[IdleConversation]:
        async with self._reads.at(tenant, transcript.Transcript()) as sql:
            rows = await conversations.idle_conversations(sql, tenant, until=until, after=after, limit=limit)
        return [IdleConversation(conversation=row.conversation, last_at=row.last_at) for row in rows]


class ReadPurchases:
    """Finds what customers have booked and ordered in the read models. Implements `application.ports.Purchases`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def of(self, tenant: UUID, conversation: UUID) -> Purchased:
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, bookings.Bookings(), head) as sql:
            booked = await bookings.bookings_of(sql, tenant, conversation)
        async with self._reads.at(tenant, orders.Orders(), head) as sql:
            ordered = await orders.orders_of(sql, tenant, conversation)
        return Purchased(bookings=booked, orders=ordered)

    async def lately(self, tenant: UUID, conversation: UUID, limit: int) -> Purchased:
        booked, ordered = await self._reads.at_once(
            tenant,
            bookings.latest_bookings(tenant, conversation, limit),
            orders.latest_orders(tenant, conversation, limit),
        )
        return Purchased(bookings=[id for (id,) in booked], orders=[id for (id,) in ordered])

    async def busy(
        self, tenant: UUID, conversations: Collection[UUID], since: datetime, *, all_known: bool
    ) -> set[UUID]:
        head = await self._reads.head(tenant) if all_known else None
        async with self._reads.at(tenant, bookings.Bookings(), head) as sql:
            booked = await bookings.booked_since(sql, tenant, conversations, since)
        async with self._reads.at(tenant, orders.Orders(), head) as sql:
            return {*booked, *await orders.ordered_since(sql, tenant, conversations, since)}


class ReadPairs:
    """Reads what goes with offers. Implements `application.ports.Pairs`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def of(
        self, tenant: UUID, conversation: UUID, offers: Sequence[UUID], now: datetime
    ) -> tuple[Sequence[Paired], Mapping[UUID, Sequence[Held]]]:
        asked = (tenant, conversation, offers, now - LATELY, TOGETHER)
        pairs, places = await self._reads.at_once(
            tenant,
            goes_with.goes_with(*asked),
            goes_with.held_places(*asked, now, now + SOON),
        )
        held: dict[UUID, list[Held]] = {}
        for service, start, end, taken in places:
            held.setdefault(service, []).append(Held(start=start, end=end, places=taken))
        return [
            Paired(offer=offer, other=other, rank=rank, customers=customers, stock=stock, bought=bought)
            for offer, other, rank, customers, stock, bought in pairs
        ], held


class ReadOutcomes:
    """Reads what came of customers out of the read model of that name. Implements `application.ports.Outcomes`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def closed(
        self, tenant: UUID, split: UUID, *, new: str = ON, beside: str = OFF, until: datetime
    ) -> Seen:
        """Of all that the log has now. Raises Unavailable while the read model does not know it."""
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, outcomes.Outcomes(), head) as sql:
            found = await outcomes.closed_outcomes(sql, tenant, split, new=new, beside=beside, until=until)
        return Seen(position=head, until=until, outcomes=found)


class ReadShadows:
    """Reads how far shadow runs have come out of the read model of deployments. Implements `application.ports.Shadows`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def progress(self, tenant: UUID, deployment: UUID) -> ShadowProgress:
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, deployments.Deployments(), head) as sql:
            found = await deployments.shadow_sums(sql, tenant, deployment)
        return ShadowProgress(answers=found.answers, reached=found.reached)


class ReadAuthorship:
    """Finds texts in the read model of that name. Implements `application.ports.Authorship`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(self, tenant: UUID, fingerprints: Collection[bytes], limit: int) -> Sequence[Writing]:
        """Raises Unavailable while the read model can't tell."""
        rows = await self._reads.find(
            tenant,
            authorship.Authorship(),
            lambda sql: authorship.find_authorship(sql, tenant, fingerprints, limit),
        )
        return [Writing(stream=row.stream, position=row.position) for row in rows or ()]


class ReadCorrections:
    """Reads approved corrections out of the read model of that name. Implements `application.ports.Corrections`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def approved(
        self, tenant: UUID, *, above: float, after: UUID | None, limit: int
    ) -> Sequence[ApprovedCorrection]:
        """Of all that the log has now. Raises Unavailable while the read model does not know it."""
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, corrections.Corrections(), head) as sql:
            rows = await corrections.approved_corrections(sql, tenant, above=above, after=after, limit=limit)
        return [
            ApprovedCorrection(
                correction=row.correction,
                proposed=row.proposed,
                texts=row.texts,
                category=row.category,
                quality=row.quality or 0.0,
            )
            for row in rows
        ]


class ReadDatasets:
    """Tells which datasets there are. Implements `application.ports.Datasets`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def all(self, tenant: UUID) -> Sequence[KnownDataset]:
        """Of all that the log has now. Raises Unavailable while the read model does not know it."""
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, datasets.Datasets(), head) as sql:
            rows = await datasets.all_datasets(sql, tenant)
        return [KnownDataset(dataset=row.dataset, added=row.added) for row in rows]


class ReadCustomers:
    """Finds who has written to a tenant in the read model. Implements `application.ports.Customers`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(
        self, tenant: UUID, audience: Audience, begins: datetime, *, campaign: UUID, after: UUID, limit: int
    ) -> Sequence[UUID]:
        """The first page is of all that the log has now. Raises Unavailable while the read model does not know it."""
        head = None if after.int else await self._reads.head(tenant)
        async with self._reads.at(tenant, customers.Customers(), head) as sql:
            return await campaign_audience.audience_page(
                sql, tenant, audience, begins, campaign=campaign, after=after, limit=limit
            )

    async def count(
        self, tenant: UUID, audience: Audience, begins: datetime, *, heard_before: datetime | None = None
    ) -> int:
        """Of all that the log has now. Raises Unavailable while the read model does not know it."""
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, customers.Customers(), head) as sql:
            return await campaign_audience.audience_size(
                sql, tenant, audience, begins, heard_before=heard_before
            )

    async def last_bought(
        self, tenant: UUID, conversations: Sequence[UUID], kind: Literal["product", "service"]
    ) -> Mapping[UUID, UUID]:
        """As of the audience's page that they stood on, or later."""
        async with self._reads.at(tenant, customers.Customers()) as sql:
            return await campaign_audience.last_bought(sql, tenant, conversations, kind)
