"""How many did a campaign reach, who read it, pressed a button, bought, or opted out? Counted from its customers' rows."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Uuid, any_, case, func, literal, select

from domain.campaigns.figure_rows import LEFT_OUT, MOST_BUTTONS, ReachedRow
from projections.base import Sql, struct_of
from projections.campaigns import reached


class Counted(msgspec.Struct, kw_only=True):
    """`states`: customers by what became of their message; `left_out`: by why. `clicked`: customers who pressed anything, `clicks`: presses;
    `buttons`: customers who pressed each."""

    states: dict[str, int] = {}
    left_out: dict[str, int] = {}
    codes: dict[str, int] = {}
    clicked: int = 0
    clicks: int = 0
    buttons: list[int] = []
    opted_out: int = 0
    converted: int = 0
    orders: int = 0
    bookings: int = 0


async def counted(sql: Sql, tenant: UUID, campaigns: Collection[UUID]) -> dict[UUID, Counted]:
    """By campaign; of those that have anybody."""
    r = reached.c
    each = [func.sum(r.pressed.op(">>")(n).op("&")(1)).label(f"b{n}") for n in range(MOST_BUTTONS)]
    query = (
        select(
            r.campaign,
            r.status,
            r.code,
            func.count().label("customers"),
            func.sum(case((r.clicks > 0, 1), else_=0)).label("clicked"),
            func.sum(r.clicks).label("clicks"),
            func.sum(case((r.opted_out, 1), else_=0)).label("opted_out"),
            func.sum(case((r.orders + r.bookings > 0, 1), else_=0)).label("converted"),
            func.sum(r.orders).label("orders"),
            func.sum(r.bookings).label("bookings"),
            *each,
        )
        .where(r.tenant == tenant, r.campaign == any_(literal(list(campaigns), ARRAY(Uuid))))
        .group_by(r.campaign, r.status, r.code)
    )
    found: dict[UUID, Counted] = {}
    for row in await sql.all(query):
        one = found.setdefault(row["campaign"], Counted(buttons=[0] * MOST_BUTTONS))
        many = int(row["customers"])
        if row["status"] == LEFT_OUT:
            one.left_out[row["code"]] = one.left_out.get(row["code"], 0) + many
            continue
        one.states[row["status"]] = one.states.get(row["status"], 0) + many
        if row["code"] is not None and row["status"] in ("failed", "given_up"):
            one.codes[row["code"]] = one.codes.get(row["code"], 0) + many
        for name in ("clicked", "clicks", "opted_out", "converted", "orders", "bookings"):
            setattr(one, name, getattr(one, name) + int(row[name]))
        one.buttons = [before + int(row[f"b{n}"]) for n, before in enumerate(one.buttons)]
    return found


async def campaign_customers(
    sql: Sql, tenant: UUID, campaign: UUID, *, status: str | None, after: UUID, limit: int
) -> list[ReachedRow]:
    """The rows behind the figures, in the order of their deliveries' ids."""
    query = select(reached).where(
        reached.c.tenant == tenant, reached.c.campaign == campaign, reached.c.delivery > after
    )
    if status is not None:
        query = query.where(reached.c.status == status)
    rows = await sql.all(query.order_by(reached.c.delivery).limit(limit))
    return [struct_of(ReachedRow, row) for row in rows]
