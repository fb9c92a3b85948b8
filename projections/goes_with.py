"""What goes with offers, and what a customer has: one read for an answer, out of several read models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, any_, literal, or_, select

from projections.products import products
from projections.together import bought, pairs

MOST = 40
"""Pairs of one look."""

HELD = 2_000
"""Bookings that are looked through for free slots."""


def goes_with(
    tenant: UUID, conversation: UUID, offers: Sequence[UUID], since: datetime, least: int
) -> Select[tuple[object, ...]]:
    """`offer`, `other`, `rank`, `customers`, `stock` of a product, and `bought`: whether the customer has the other. With `offers` go those that the customer has bought
    or booked `since` then. `least`: customers of a pair that the tenant does not name."""
    b = bought.c
    theirs = select(b.offer).where(b.tenant == tenant, b.conversation == conversation)
    lately = theirs.where(b.at >= since)
    p = pairs.c
    return (
        select(
            p.offer,
            p.other,
            p.rank,
            p.customers,
            products.c.stock,
            p.other.in_(theirs).label("bought"),
        )
        .select_from(
            pairs.outerjoin(products, and_(products.c.tenant == p.tenant, products.c.product == p.other))
        )
        .where(
            p.tenant == tenant,
            or_(p.offer == any_(literal(list(offers), ARRAY(Uuid))), p.offer.in_(lately)),
            or_(p.rank.is_not(None), p.customers >= least),
        )
        .order_by(p.rank.nulls_last(), p.customers.desc(), p.other)
        .limit(MOST)
    )


def held_places(
    tenant: UUID,
    conversation: UUID,
    offers: Sequence[UUID],
    since: datetime,
    least: int,
    begin: datetime,
    until: datetime,
) -> Select[tuple[object, ...]]:
    """`offer`, `start`, `end`, `places` of what is booked of those others in that time."""
    others = goes_with(tenant, conversation, offers, since, least).subquery()
    b = bought.c
    return (
        select(b.offer, b.start, b.end, b.places)
        .where(
            b.tenant == tenant,
            b.offer.in_(select(others.c.other)),
            b.start.is_not(None),
            b.end > begin,
            b.start < until,
        )
        .limit(HELD)
    )
