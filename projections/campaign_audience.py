"""Whom of the customers a campaign is for: the audience as a query over the read model of customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Exists, Select, Uuid, any_, exists, func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain.campaigns.audience import Audience, Bought, bought_since
from projections.base import Sql
from projections.campaigns import reached
from projections.customers import customers, purchases


async def audience_page(
    sql: Sql, tenant: UUID, audience: Audience, begins: datetime, *, campaign: UUID, after: UUID, limit: int
) -> list[UUID]:
    """In the order of their ids, from the one after `after` on; without those whom the campaign has reached, or left out."""
    seen = exists().where(
        reached.c.tenant == tenant, reached.c.campaign == campaign, reached.c.delivery == customers.c.delivery
    )
    query = _of(tenant, audience, begins, select(customers.c.conversation))
    query = query.where(customers.c.conversation > after, ~seen)
    rows = await sql.all(query.order_by(customers.c.conversation).limit(limit))
    return [row["conversation"] for row in rows]


async def audience_size(
    sql: Sql, tenant: UUID, audience: Audience, begins: datetime, *, heard_before: datetime | None = None
) -> int:
    """`heard_before`: of those who wrote last before then."""
    query = _of(tenant, audience, begins, select(func.count().label("count")))
    if heard_before is not None:
        query = query.where(customers.c.heard_at < heard_before)
    (row,) = await sql.all(query)
    return int(row["count"])


async def last_bought(sql: Sql, tenant: UUID, conversations: Sequence[UUID], kind: str) -> dict[UUID, UUID]:
    """Conversation → product or service; of one order with several products the one with the smallest id."""
    p = purchases.c
    query = (
        select(p.conversation, p.item)
        .ext(distinct_on(p.conversation))
        .where(
            p.tenant == tenant,
            p.conversation == any_(literal(list(conversations), ARRAY(Uuid))),
            p.kind == kind,
        )
        .order_by(p.conversation, p.at.desc(), p.item)
    )
    return {row["conversation"]: row["item"] for row in await sql.all(query)}


def _of(
    tenant: UUID, audience: Audience, begins: datetime, query: Select[tuple[object]]
) -> Select[tuple[object]]:
    """Whoever has begun to write after `begins` is not in it."""
    c = customers.c
    query = query.where(
        c.tenant == tenant, c.channel == audience.channel, c.heard_at.is_not(None), c.started_at <= begins
    )
    if (since := audience.since(begins)) is not None:
        query = query.where(c.heard_at >= since)
    if audience.heard_before is not None:
        query = query.where(c.heard_at < audience.heard_before)
    if audience.conversations:
        query = query.where(c.conversation == any_(literal(list(audience.conversations), ARRAY(Uuid))))
    for bought in audience.bought:
        has = _has(tenant, bought, begins)
        query = query.where(~has if bought.never else has)
    return query


def _has(tenant: UUID, bought: Bought, begins: datetime) -> Exists:
    p = purchases.c
    found = [p.tenant == tenant, p.conversation == customers.c.conversation]
    if bought.kind != "any":
        found.append(p.kind == bought.kind)
    if bought.item is not None:
        found.append(p.item == bought.item)
    if (since := bought_since(bought, begins)) is not None:
        found.append(p.at >= since)
    return exists().where(*found)
