"""A campaign's dry run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from application.campaigns.preview import PreviewCampaign, Seen, preview_campaign, tallied
from domain.base.aggregate import NIL
from domain.base.context import Context
from domain.campaigns.judge import Later, LeaveOut
from domain.campaigns.omitted import Why
from interfaces.bootstrap import Services


class PreviewIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`at`: as of this moment, for quiet hours and the window; now without it. `after`: `next` of the preview before."""

    at: Annotated[datetime, Meta(tz=True)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200
    after: UUID | None = None


class PreviewedOut(msgspec.Struct, frozen=True, kw_only=True):
    """`until`: when their quiet hours are over. `missing`: the placeholders of which nothing is known, for `no_value`."""

    conversation: UUID
    outcome: Literal["now", "later", "left_out"]
    why: Why | None = None
    missing: tuple[str, ...] = ()
    until: datetime | None = None


class PreviewOut(msgspec.Struct, frozen=True, kw_only=True):
    """`audience`: how many there are in it; of the `customers` of this page `now` would get it, `later` after their quiet hours, and `left_out`
    would not, by why. `next`: where the next page begins; null: this was the last one."""

    audience: int
    at: datetime
    now: int
    later: int
    left_out: dict[str, int]
    customers: list[PreviewedOut]
    next: UUID | None


@post("/v1/campaigns/{campaign:uuid}/preview", status_code=200, scope="campaigns:manage")
async def preview(
    campaign: FromPath[UUID],
    data: JSONBody[PreviewIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> PreviewOut:
    """A dry run: who would get it, who after their quiet hours, and who would be left out, with why. Customers whom it has reached or left out
    already are not in it. Nothing is sent."""
    command = PreviewCampaign(campaign=campaign, at=data.at, after=data.after or NIL, limit=data.limit)
    found = await preview_campaign(command, context, services)
    now, later, left = tallied(found.customers)
    more = len(found.customers) == data.limit
    return PreviewOut(
        audience=found.audience,
        at=found.at,
        now=now,
        later=later,
        left_out=left,
        customers=[_shown(each) for each in found.customers],
        next=found.customers[-1].conversation if more else None,
    )


def _shown(seen: Seen) -> PreviewedOut:
    match seen.verdict:
        case LeaveOut(why, missing):
            return PreviewedOut(conversation=seen.conversation, outcome="left_out", why=why, missing=missing)
        case Later(until):
            return PreviewedOut(conversation=seen.conversation, outcome="later", until=until)
    return PreviewedOut(conversation=seen.conversation, outcome="now")


ROUTER = Router("/", route_handlers=[preview], tags=["campaigns"])
