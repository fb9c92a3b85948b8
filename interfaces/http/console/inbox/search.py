"""Search in what was said, through the log itself, so far at a time (application/conversations/search.py)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.conversations.search import SearchTexts, search_texts
from application.tenancy.authentication import Principal
from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Pager
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.forms import sentence
from interfaces.http.console.page import page
from interfaces.http.conversations.turns import turns_in

LENGTH, LONGEST = 25, 200
PART, PATIENCE, PARTS = 5_000, 0.02, 100
"""Positions of the log that one look goes through at most, and the seconds after which it ends sooner, so that each is answered at once; looks that
follow by themselves, where there is a script."""


@get("/console/inbox/search", scope="conversations:read", rate="searches")
async def search(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """`q` in the query; without it the form alone. `looked`: how many looks have gone before by themselves."""
    tenant, text = principal.tenant, request.query_params.get("q", "")[:LONGEST]
    shown: dict[str, Any] = {
        "found": None,
        "next_cursor": None,
        "back_to": None,
        "error": "",
        "goes_on": False,
    }
    before = request.query_params.get("looked", "")[:3]
    looked = int(before) if before.isdecimal() else 0
    if text:
        pager = Pager(services, tenant, int, "console search", text)
        start = await pager.place(request.query_params.get("cursor"))
        until = await services.reads.head(tenant) if start is None else start
        try:
            found = await search_texts(
                SearchTexts(text=text, until=until, limit=LENGTH, most=PART, patience=PATIENCE),
                tenant,
                store=services.store,
            )
        except Invalid as refused:
            shown["error"] = sentence(refused)
        else:
            shown["found"] = [
                (recorded.stream, turn) for recorded in found.events for turn in turns_in(recorded)
            ]
            shown["next_cursor"] = await pager.cursor(found.reached) if found.reached else None
            shown["back_to"] = found.back_to
            shown["goes_on"] = bool(found.reached) and len(found.events) < LENGTH and looked < PARTS
    return page(
        request,
        services,
        "inbox/search.html",
        q=text,
        looked=looked,
        first="cursor" not in request.query_params,
        address=f"/console/inbox/search?{urlencode({'q': text})}",
        **shown,
    )


ROUTER = Router("/", route_handlers=[search], include_in_schema=False, exception_handlers=HANDLERS)
