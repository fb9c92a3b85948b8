"""What came of a campaign, in figures, and the customers behind them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.tenancy.authentication import Principal
from domain.base.aggregate import NIL
from domain.campaigns.campaign import Campaign
from domain.campaigns.figure_rows import ReachedRow
from domain.campaigns.message import Action
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import AtLeast
from interfaces.http.campaigns.campaign_out import Progress, progress
from projections.campaign_figures import (
    Counted,
    Revenue,
    amounts_of,
    campaign_customers,
    counted,
    revenue_of,
)
from projections.campaigns import Campaigns

State = Annotated[
    str | None, QueryParameter(max_length=20, description="A state of a message, as delivered, or left_out.")
]


class ButtonFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`customers`: who have pressed it, or opened its page by an address of ours."""

    title: str
    action: Action
    customers: int


class FiguresOut(msgspec.Struct, frozen=True, kw_only=True):
    """`states`: customers by what became of their message; `codes`: of those that failed, by the channel's error. `clicked`: customers, `clicks`:
    presses. `opted_out`, `converted`, `orders`, `bookings` and `revenue` count until `conversion_days` after the message, for the campaign that the
    customer got last before it. `orders` and `bookings` hold what was cancelled since; `revenue`, by currency, has it beside the rest."""

    campaign: UUID
    progress: Progress
    states: dict[str, int]
    codes: dict[str, int]
    left_out: dict[str, int]
    clicked: int
    clicks: int
    buttons: list[ButtonFigures]
    opted_out: int
    converted: int
    orders: int
    bookings: int
    revenue: list[Revenue]
    conversion_days: int


class CustomerOut(msgspec.Struct, frozen=True, kw_only=True):
    """`delivery`: the stream of what went out to them (`retrace events --stream delivery/ID`); `conversation`: of who was left out. `code`: why.
    `revenue`: currency → what they have ordered and booked for that counts for it, and not cancelled."""

    delivery: UUID
    conversation: UUID | None
    status: str
    code: str | None
    at: datetime
    clicks: int
    opted_out: bool
    orders: int
    bookings: int
    revenue: dict[str, Decimal]


@get("/v1/campaigns/{campaign:uuid}/figures", scope="analytics:view")
async def figures(
    campaign: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> FiguresOut:
    """How many got it, read it, pressed a button, ordered, booked, or opted out; and for how much they ordered and booked."""
    found = await services.store.load(Campaign, campaign, tenant=principal.tenant)
    async with services.reads.at(principal.tenant, Campaigns(), at_least) as sql:
        one = (await counted(sql, principal.tenant, [campaign])).get(campaign) or Counted()
        revenue = (await revenue_of(sql, principal.tenant, [campaign])).get(campaign, [])
    plan = found.state.plan
    pressed = one.buttons or [0] * len(plan.message.buttons)
    return FiguresOut(
        campaign=campaign,
        progress=progress(one),
        states=one.states,
        codes=one.codes,
        left_out=one.left_out,
        clicked=one.clicked,
        clicks=one.clicks,
        buttons=[
            ButtonFigures(title=button.title, action=button.action, customers=pressed[number])
            for number, button in enumerate(plan.message.buttons)
        ],
        opted_out=one.opted_out,
        converted=one.converted,
        orders=one.orders,
        bookings=one.bookings,
        revenue=revenue,
        conversion_days=plan.conversion_days,
    )


@get("/v1/campaigns/{campaign:uuid}/customers", scope="campaigns:manage")
async def customers(
    campaign: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    status: State = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[CustomerOut]:
    """Whom it has reached or left out, one by one: the rows behind its figures."""
    await services.store.load(Campaign, campaign, tenant=principal.tenant)
    pager = Pager(services, principal.tenant, UUID, "campaign customers", campaign, status)
    after = await pager.place(cursor) or NIL
    async with services.reads.at(principal.tenant, Campaigns(), at_least) as sql:
        rows = await campaign_customers(
            sql, principal.tenant, campaign, status=status, after=after, limit=limit + 1
        )
        amounts = await amounts_of(sql, principal.tenant, campaign, [row.delivery for row in rows[:limit]])
    return await pager.page(
        rows, limit, lambda row: _shown(row, amounts.get(row.delivery, {})), lambda row: row.delivery
    )


def _shown(row: ReachedRow, revenue: dict[str, Decimal]) -> CustomerOut:
    return CustomerOut(
        delivery=row.delivery,
        conversation=row.conversation,
        status=row.status,
        code=row.code,
        at=row.at,
        clicks=row.clicks,
        opted_out=row.opted_out,
        orders=row.orders,
        bookings=row.bookings,
        revenue=revenue,
    )


ROUTER = Router("/", route_handlers=[figures, customers], tags=["campaigns"])
