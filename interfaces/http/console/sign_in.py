"""Signing in to the console."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency

from application.operators.known_browser import drawn_known
from application.operators.sign_in import SignIn, SignInRates, sign_in
from application.ports import Rate
from domain.base.errors import RateLimited, Unauthenticated
from domain.operators import address, credentials
from domain.operators.sessions import WRONG
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import correlation_of
from interfaces.http.base.limits.client_address import network_of
from interfaces.http.base.session.cookies import known_cookie, known_of, session_cookie
from interfaces.http.console.errors import HANDLERS, on_error
from interfaces.http.console.forms import fields_of
from interfaces.http.console.page import moved, page

_KEY = secrets.token_bytes(32)
"""Of this process: no address can be told from the name of its bucket."""

NO_TENANT = "This is no tenant's id: it has 32 hexadecimal digits, and stands in your invitation."


@get("/console/sign-in")
async def form(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """The tenant stands there already where a link named it, or the browser was here before."""
    tenant = request.query_params.get("tenant", "") or known_of(request, services)[0]
    return _form(request, services, tenant=tenant[:40])


@post("/console/sign-in", status_code=303)
async def enter(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """A new session, and its cookie."""
    given = await fields_of(request, tenant=40, email=address.LONGEST, password=credentials.LONGEST, code=40)
    again: dict[str, Any] = {"tenant": given["tenant"], "email": given["email"]}
    try:
        tenant = UUID(given["tenant"].strip())
    except ValueError:
        return _form(request, services, status=400, tenant_error=NO_TENANT, **again)
    command = SignIn(
        tenant=tenant,
        email=given["email"],
        password=given["password"],
        code=given["code"],
        known=known_of(request, services)[1],
    )
    try:
        _take(request, services)
        token = await sign_in(
            command,
            correlation_of(request),
            _rates(services),
            store=services.store,
            keyring=services.keyring,
            clock=services.clock,
            newcomers=services.newcomers,
            passwords=services.passwords,
            rate_limiter=services.rate_limiter,
        )
    except Unauthenticated:
        return _form(request, services, status=401, error=f"The {WRONG}.", **again)
    except RateLimited as refused:
        told = on_error(request, refused)  # counted, and with its headers
        headers = {"Retry-After": told.headers["Retry-After"]}
        text = f"{refused.detail[0].upper()}{refused.detail[1:]}."
        return _form(request, services, status=429, headers=headers, error=text, **again)
    reply = moved(services, "/console")
    known = await drawn_known(tenant, token.operator, keyring=services.keyring)
    reply.cookies += [session_cookie(token.text, services), known_cookie(f"{tenant}.{known}", services)]
    return reply


def _form(
    request: Request[Any, Any, Any],
    services: Services,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **facts: str,
) -> Response[Any]:
    filled = {"tenant": "", "email": "", "error": "", "tenant_error": "", **facts}
    filled["accepted"] = "yes" if request.query_params.get("accepted") else ""
    return page(request, services, "sign-in.html", status=status, headers=headers, **filled)


def _rates(services: Services) -> SignInRates:
    settings = services.settings
    return SignInRates(
        per_account=settings.rate_sign_ins_per_account, lasting=timedelta(hours=settings.session_hours)
    )


def _take(request: Request[Any, Any, Any], services: Services) -> None:
    """One attempt from this address, whatever tenant it names. Each process counts by itself. Raises RateLimited."""
    rate = services.settings.rate_sign_ins_per_address
    name = hmac.digest(_KEY, network_of(request).encode(), "sha256").hex()[:32]
    over = services.rate_limiter.take([Rate(f"sign-in:{name}", rate / 60, rate)]) if rate else None
    if over is not None:
        raise RateLimited(
            "too many attempts to sign in from this address; try again in a minute",
            limit="sign_ins_per_address",
            retry_after=over.wait,
        )


ROUTER = Router("/", route_handlers=[form, enter], include_in_schema=False, exception_handlers=HANDLERS)
