"""How many did a campaign reach, who read it, pressed a button, bought, or opted out? Counted from its customers' rows."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal, localcontext
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Uuid, any_, case, func, literal, select

from domain.campaigns.figure_rows import LEFT_OUT, MOST_BUTTONS, ReachedRow
from domain.models.pricing import EXACT
from projections.base import Sql, struct_of
from projections.campaigns import conversions, reached


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


class Revenue(msgspec.Struct, kw_only=True):
    """In one `currency`, exact: of `orders` and `bookings` that count for the campaign the `amount`; what was `cancelled` since stands beside it."""

    currency: str
    orders: int = 0
    bookings: int = 0
    amount: Decimal = Decimal(0)
    cancelled: int = 0
    cancelled_amount: Decimal = Decimal(0)


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


async def revenue_of(sql: Sql, tenant: UUID, campaigns: Collection[UUID]) -> dict[UUID, list[Revenue]]:
    """By campaign, each currency once, in their order; of those that brought any."""
    c = conversions.c
    query = (
        select(
            c.campaign,
            c.currency,
            c.kind,
            c.cancelled,
            func.count().label("many"),
            func.sum(c.amount).label("amount"),
        )
        .where(c.tenant == tenant, c.campaign == any_(literal(list(campaigns), ARRAY(Uuid))))
        .group_by(c.campaign, c.currency, c.kind, c.cancelled)
        .order_by(c.campaign, c.currency)
    )
    found: dict[UUID, dict[str, Revenue]] = {}
    with localcontext(EXACT):
        for row in await sql.all(query):
            one = found.setdefault(row["campaign"], {}).setdefault(
                row["currency"], Revenue(currency=row["currency"])
            )
            if row["cancelled"]:
                one.cancelled += int(row["many"])
                one.cancelled_amount += row["amount"]
                continue
            one.amount += row["amount"]
            if row["kind"] == "order":
                one.orders += int(row["many"])
            else:
                one.bookings += int(row["many"])
    return {campaign: list(by.values()) for campaign, by in found.items()}


async def amounts_of(
    sql: Sql, tenant: UUID, campaign: UUID, deliveries: Collection[UUID]
) -> dict[UUID, dict[str, Decimal]]:
    """Delivery → currency → what its customer has ordered and booked for, and not cancelled."""
    c = conversions.c
    query = (
        select(c.delivery, c.currency, func.sum(c.amount).label("amount"))
        .where(
            c.tenant == tenant,
            c.campaign == campaign,
            c.delivery == any_(literal(list(deliveries), ARRAY(Uuid))),
            ~c.cancelled,
        )
        .group_by(c.delivery, c.currency)
        .order_by(c.currency)
    )
    found: dict[UUID, dict[str, Decimal]] = {}
    for row in await sql.all(query):
        found.setdefault(row["delivery"], {})[row["currency"]] = row["amount"]
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
