"""Which campaigns are there, how far has each come, and what came of it? One row a campaign, and one a customer whom it reached or left out.

Ids and figures: they stay when a customer is erased, whose deliveries' events have nothing personal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Uuid,
    any_,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.campaigns.campaign import Campaign
from domain.campaigns.figure_rows import EVENTS, CampaignRow, ConversionRow, ReachedRow, deliveries_named
from domain.campaigns.figures import Fold
from domain.campaigns.state import Status
from domain.shop.booking import Booking
from domain.shop.order import Order
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

campaigns = Table(
    "campaigns",
    metadata,
    tenant_column(),
    Column("campaign", Uuid, primary_key=True),
    Column("status", String, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("began_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("conversion_days", Integer, nullable=False),
)
Index("campaigns_created", campaigns.c.tenant, campaigns.c.created_at, campaigns.c.campaign)

reached = Table(
    "campaigns_reached",
    metadata,
    tenant_column(),
    Column("campaign", Uuid, primary_key=True),
    Column("delivery", Uuid, primary_key=True),
    Column("conversation", Uuid),
    Column("number", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("code", String),
    Column("over", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("counts_until", DateTime(timezone=True), nullable=False),
    Column("clicks", Integer, nullable=False),
    Column("pressed", Integer, nullable=False),
    Column("opted_out", Boolean, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("bookings", Integer, nullable=False),
)
Index("campaigns_reached_delivery", reached.c.tenant, reached.c.delivery)

conversions = Table(
    "campaigns_conversions",
    metadata,
    tenant_column(),
    Column("purchase", Uuid, primary_key=True),
    Column("campaign", Uuid, nullable=False),
    Column("delivery", Uuid, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("currency", String, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("cancelled", Boolean, nullable=False),
)
Index("campaigns_conversions_campaign", conversions.c.tenant, conversions.c.campaign, conversions.c.delivery)

_PUT_CAMPAIGNS, _PUT_REACHED, _PUT_CONVERSIONS = (
    replacing(campaigns),
    replacing(reached),
    replacing(conversions),
)


class Campaigns:
    name: ClassVar[str] = "campaigns"
    version: ClassVar[int] = 2
    tables: ClassVar[Sequence[Table]] = (campaigns, reached, conversions)
    events: ClassVar[Sequence[type[Event]]] = EVENTS
    on_failure: ClassVar[Literal["park", "stop"]] = "park"
    sees_erased: ClassVar[bool] = True  # that somebody opted out counts, whoever it was

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        known = await _campaigns(batch, sql, tenant), await _reached(batch, sql, tenant)
        fold = Fold(*known, await _conversions(batch, sql, tenant))
        for recorded in batch:
            fold.take(recorded)
        await sql.put(_PUT_CAMPAIGNS, [row_of(tenant, row) for row in fold.campaigns.values()])
        await sql.put(_PUT_REACHED, [row_of(tenant, row) for row in fold.touched.values()])
        await sql.put(_PUT_CONVERSIONS, [row_of(tenant, row) for row in fold.converted.values()])


async def _campaigns(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[UUID, CampaignRow]:
    named = {recorded.stream for recorded in batch if isinstance(recorded.event, Campaign.Event)}
    named |= {
        each.campaign
        for recorded in batch
        for each in getattr(recorded.event, "outgoing", ())
        if each.campaign is not None
    }
    if not named:
        return {}
    query = select(campaigns).where(
        campaigns.c.tenant == tenant, campaigns.c.campaign == any_(literal(list(named), ARRAY(Uuid)))
    )
    return {row["campaign"]: struct_of(CampaignRow, row) for row in await sql.all(query)}


async def _reached(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> list[ReachedRow]:
    """Of the customers whom the batch is about."""
    named = list(deliveries_named(batch))
    if not named:
        return []
    query = select(reached).where(
        reached.c.tenant == tenant, reached.c.delivery == any_(literal(named, ARRAY(Uuid)))
    )
    return [struct_of(ReachedRow, row) for row in await sql.all(query)]


async def _conversions(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> list[ConversionRow]:
    """Of what is cancelled in the batch."""
    named = [each.stream for each in batch if isinstance(each.event, Order.Cancelled | Booking.Cancelled)]
    if not named:
        return []
    query = select(conversions).where(
        conversions.c.tenant == tenant, conversions.c.purchase == any_(literal(named, ARRAY(Uuid)))
    )
    return [struct_of(ConversionRow, row) for row in await sql.all(query)]


async def list_campaigns(
    sql: Sql,
    tenant: UUID,
    *,
    status: Status | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[CampaignRow]:
    """The newest first; `before` is the (created_at, campaign) of the last one seen."""
    query = select(campaigns).where(campaigns.c.tenant == tenant)
    if status is not None:
        query = query.where(campaigns.c.status == status)
    if before is not None:
        query = query.where(tuple_(campaigns.c.created_at, campaigns.c.campaign) < before)
    query = query.order_by(campaigns.c.created_at.desc(), campaigns.c.campaign.desc()).limit(limit)
    return [struct_of(CampaignRow, row) for row in await sql.all(query)]
