"""The console's first page: what needs a person now, and who is signed in; and signing out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency

from application.operators.membership import change_operator
from application.tenancy.tenant import summary_of
from domain.base.context import Context
from domain.base.errors import NotFound
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.session.cookies import session_cookie
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.needs import needs_of
from interfaces.http.console.page import moved, page


@get("/console", scope=None)
async def home(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """By the scopes of who is signed in."""
    session = caller_in(request).session
    assert session is not None
    tenant = await summary_of(session.principal.tenant, store=services.store)
    scopes = session.principal.scopes
    return page(
        request,
        services,
        "home.html",
        tenant=tenant,
        needs=await needs_of(session, services),
        live="conversations:read" in scopes,
        scopes=scopes,
    )


@post("/console/sign-out", status_code=303, scope=None)
async def sign_out(
    request: Request[Any, Any, Any], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[Any]:
    """End this session, in all processes."""
    session = caller_in(request).session
    assert session is not None
    with suppress(NotFound):  # it has ended meanwhile
        await change_operator(
            session.operator,
            lambda operator: operator.end_session(session.id, "signed_out", services.clock()),
            context,
            store=services.store,
        )
    reply = moved(services, "/console/sign-in")
    reply.cookies.append(session_cookie("", services))
    return reply


ROUTER = Router("/", route_handlers=[home, sign_out], include_in_schema=False, exception_handlers=HANDLERS)
