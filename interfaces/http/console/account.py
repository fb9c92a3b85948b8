"""An operator's own account: password, one-time codes, where they are signed in."""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from datetime import timedelta
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency

from application.operators.account import (
    ChangePassword,
    Enrolled,
    EnrollTotp,
    Ports,
    change_password,
    disable_totp,
    drawn_secret,
    enroll_totp,
)
from application.operators.authentication import LiveSession
from application.operators.membership import change_operator
from application.operators.tokens import SessionToken
from application.ports import Rate
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound, RateLimited, Refused
from domain.operators.credentials import LONGEST, SHORTEST
from domain.operators.operator import Operator
from domain.operators.totp import address, secret_text
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.session.cookies import session_cookie
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.forms import fields_of
from interfaces.http.console.page import moved, page
from interfaces.http.operators.sessions import sessions_of

ISSUER = "Retrace"


@get("/console/account", scope=None)
async def account(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """The page with all of it."""
    return await _page(request, services)


@post("/console/account/password", status_code=303, scope=None)
async def password(
    request: Request[Any, Any, Any], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[Any]:
    """Another password; other browsers are signed out."""
    given = await fields_of(request, current=LONGEST, new=LONGEST, again=LONGEST)
    if given["new"] != given["again"]:
        again = "The two are different; type the same password twice."
        return await _page(request, services, again_error=again)
    command = ChangePassword(current=given["current"], new=given["new"])
    try:
        _take(request, services)
        token = await change_password(command, _session(request), context, _ports(services))
    except Invalid as error:
        return await _page(request, services, new_error=_sentence(error))
    except (Refused, RateLimited) as error:
        return await _page(request, services, current_error=_sentence(error))
    return _renewed(moved(services, "/console/account?changed=password"), token, services)


@post("/console/account/codes", status_code=303, scope=None)
async def enroll(
    request: Request[Any, Any, Any], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[Any]:
    """Ask for one-time codes from now on. The answer shows the recovery codes, this once."""
    given = await fields_of(request, current=LONGEST, secret=64, code=10)
    command = EnrollTotp(
        current=given["current"], secret=_secret(given["secret"]), code="".join(given["code"].split())
    )
    try:
        _take(request, services)
        made: Enrolled = await enroll_totp(command, _session(request), context, _ports(services))
    except (Invalid, Refused, RateLimited) as error:
        return await _page(request, services, codes_error=_sentence(error), secret=command.secret)
    reply = page(request, services, "recovery-codes.html", codes=made.recovery)
    return _renewed(reply, made.token, services)


@post("/console/account/codes/off", status_code=303, scope=None)
async def codes_off(
    request: Request[Any, Any, Any], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[Any]:
    """Ask for no codes any more."""
    given = await fields_of(request, current=LONGEST)
    try:
        _take(request, services)
        token = await disable_totp(given["current"], _session(request), context, _ports(services))
    except (Refused, RateLimited) as error:
        return await _page(request, services, codes_error=_sentence(error))
    return _renewed(moved(services, "/console/account?changed=codes"), token, services)


@post("/console/account/sessions/end", status_code=303, scope=None)
async def end_session(
    request: Request[Any, Any, Any], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[Any]:
    """Sign out elsewhere."""
    given = await fields_of(request, session=32)
    with suppress(NotFound):  # it has ended by itself
        await change_operator(
            _session(request).operator,
            lambda operator: operator.end_session(given["session"], "revoked", services.clock()),
            context,
            store=services.store,
        )
    return moved(services, "/console/account")


async def _page(
    request: Request[Any, Any, Any], services: Services, *, secret: bytes = b"", **errors: str
) -> Response[Any]:
    """`errors`: at their fields."""
    session = _session(request)
    operator = await services.store.load(Operator, session.operator, tenant=session.principal.tenant)
    secret = secret or drawn_secret()
    told: dict[str, Any] = {
        "current_error": "",
        "new_error": "",
        "again_error": "",
        "codes_error": "",
        **errors,
    }
    return page(
        request,
        services,
        "account.html",
        status=400 if errors else 200,
        sessions=await sessions_of(operator, session.principal.tenant, services),
        has_codes=bool(operator.state.totp),
        recovery_left=len(operator.state.recovery),
        secret=secret_text(secret),
        secret_address=address(secret, ISSUER, session.email),
        shortest=SHORTEST,
        changed=request.query_params.get("changed", ""),
        **told,
    )


def _session(request: Request[Any, Any, Any]) -> LiveSession:
    session = caller_in(request).session
    assert session is not None
    return session


def _ports(services: Services) -> Ports:
    lasting = timedelta(hours=services.settings.session_hours)
    return Ports(services.store, services.clock, services.passwords, lasting)


def _renewed(reply: Response[Any], token: SessionToken, services: Services) -> Response[Any]:
    reply.cookies.append(session_cookie(token.text, services))
    return reply


def _take(request: Request[Any, Any, Any], services: Services) -> None:
    """One guess at the password: somebody else may sit at this browser. Raises RateLimited."""
    rate = services.settings.rate_sign_ins_per_account
    name = f"sign-in:session:{_session(request).id}"
    over = services.rate_limiter.take([Rate(name, rate / 60, rate)]) if rate else None
    if over is not None:
        raise RateLimited(
            "too many attempts; try again in a minute", limit="sign_ins_per_account", retry_after=over.wait
        )


def _secret(text: str) -> bytes:
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        return b""


def _sentence(error: Invalid | Refused | RateLimited) -> str:
    return f"{error.detail[0].upper()}{error.detail[1:]}."


ROUTER = Router(
    "/",
    route_handlers=[account, password, enroll, codes_off, end_session],
    include_in_schema=False,
    exception_handlers=HANDLERS,
)
