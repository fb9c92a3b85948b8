"""The inbox: customers who wait for a person first, who has waited longest at the top; below them all conversations, the latest first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.conversations.handoff import operator_id
from application.tenancy.authentication import Principal
from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Pager, Place
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.inbox.listing import listed
from interfaces.http.console.page import page
from interfaces.http.console.people import actor_of
from projections.conversations import count_waiting, list_conversations, waiting_conversations
from projections.transcript import Transcript

LENGTH, MOST_WAITING = 25, 25
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "all": ("All", {}),
    "mine": ("Mine", {}),
    "handed": ("With a person", {"handed_over": True}),
    "agent": ("With the agent", {"handed_over": False}),
    "open": ("Open", {"status": "open"}),
    "closed": ("Closed", {"status": "closed"}),
}
"""Name → its title, and the filters that it stands for."""


@get("/console/inbox", scope="conversations:read")
async def inbox(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """`view`, `channel` and `cursor` in the query."""
    query = request.query_params
    view, channel = query.get("view", "all"), query.get("channel", "")[:32]
    if view not in VIEWS:
        raise Invalid(f"there is no such view; there are {', '.join(VIEWS)}")
    tenant, actor, filters = principal.tenant, actor_of(request), dict(VIEWS[view][1])
    if view == "mine":
        filters["operator"] = await operator_id(tenant, actor, keyring=services.keyring)
    pager = Pager(services, tenant, Place, "console inbox", view, channel, actor)
    cursor = query.get("cursor")
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Transcript()) as sql:
        waiting = [] if before else await waiting_conversations(sql, tenant, limit=MOST_WAITING)
        count = await count_waiting(sql, tenant) if len(waiting) == MOST_WAITING else len(waiting)
        rows = await list_conversations(
            sql, tenant, channel=channel or None, before=before, limit=LENGTH + 1, **filters
        )
    shown = await pager.page(rows, LENGTH, lambda row: row, lambda row: Place(row.last_at, row.conversation))
    entries = await listed([*waiting, *shown.items], services, tenant, actor)
    kept = {name: value for name, value in (("view", view), ("channel", channel)) if value}
    return page(
        request,
        services,
        "inbox/inbox.html",
        view=view,
        views={name: title for name, (title, _) in VIEWS.items()},
        channel=channel,
        waiting=entries[: len(waiting)],
        waiting_count=count,
        entries=entries[len(waiting) :],
        next_cursor=shown.next_cursor,
        first=before is None,
        address=f"/console/inbox?{urlencode(kept)}",
    )


ROUTER = Router("/", route_handlers=[inbox], include_in_schema=False, exception_handlers=HANDLERS)
