"""The page behind a one-time link: an invited operator sets the first password, one who has lost theirs another."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency

from application.operators.accept import AcceptLink, accept_link, operator_of_link
from application.tenancy.tenant import summary_of
from domain.base.errors import Invalid
from domain.operators.credentials import LONGEST, SHORTEST
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import correlation_of
from interfaces.http.base.session.cookies import known_cookie
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.forms import fields_of
from interfaces.http.console.page import moved, page

TOKEN = 200
"""Characters that are looked at of a link's text."""


@get("/console/accept")
async def form(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """Who is invited where; looking uses nothing up."""
    return await _form(request, services, request.query_params.get("token", "")[:TOKEN])


@post("/console/accept", status_code=303)
async def accept(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """Set the password, then sign in with it."""
    given = await fields_of(request, token=TOKEN, password=LONGEST, again=LONGEST)
    token = given["token"]
    if given["password"] != given["again"]:
        return await _form(
            request, services, token, again_error="The two are different; type the same password twice."
        )
    tenant, _ = await operator_of_link(
        token, store=services.store, clock=services.clock, newcomers=services.newcomers
    )
    try:
        await accept_link(
            AcceptLink(token=token, password=given["password"]),
            correlation_of(request),
            store=services.store,
            clock=services.clock,
            newcomers=services.newcomers,
            passwords=services.passwords,
        )
    except Invalid as refused:
        text = f"{refused.detail[0].upper()}{refused.detail[1:]}."
        return await _form(request, services, token, password_error=text)
    reply = moved(services, "/console/sign-in?accepted=1")
    reply.cookies.append(known_cookie(f"{tenant}.", services))
    return reply


async def _form(
    request: Request[Any, Any, Any],
    services: Services,
    token: str,
    *,
    password_error: str = "",
    again_error: str = "",
) -> Response[Any]:
    tenant, operator = await operator_of_link(
        token, store=services.store, clock=services.clock, newcomers=services.newcomers
    )
    return page(
        request,
        services,
        "accept.html",
        status=400 if password_error or again_error else 200,
        token=token,
        tenant=await summary_of(tenant, store=services.store),
        name=operator.state.name,
        email=operator.state.email,
        first=operator.state.status == "invited",
        shortest=SHORTEST,
        password_error=password_error,
        again_error=again_error,
    )


ROUTER = Router("/", route_handlers=[form, accept], include_in_schema=False, exception_handlers=HANDLERS)
