"""An operator's session: a cookie with a secret, which opens /console and nothing else. Below /v1 it says nothing.

Where the public address is https the cookie is `__Host-retrace`: Secure, of this host alone, for all paths (RFC 6265bis, section 4.1.3.2).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from application.operators.authentication import authenticate_session
from domain.base.errors import Unauthenticated
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import Caller

SIGN_IN = "sign in to the console"
KNOWN_DAYS = 180

Connection = ASGIConnection[Any, Any, Any, Any]


async def session_caller(connection: Connection, services: Services) -> Caller:
    """Who it is; from then on the request says so (`caller_in`). Raises Unauthenticated, Forbidden, Unavailable."""
    text = connection.cookies.get(cookie_name("retrace", services))
    if not text:
        raise Unauthenticated(SIGN_IN)
    session = await authenticate_session(
        text,
        store=services.store,
        clock=services.clock,
        newcomers=services.newcomers,
        session_use=services.session_use,
        idle=timedelta(minutes=services.settings.session_idle_minutes),
    )
    caller = connection.scope["state"]["caller"] = Caller(session.principal, session=session)
    return caller


def session_cookie(text: str, services: Services) -> Cookie:
    """It lasts as long as the browser does, or until the session ends; an empty text takes it away."""
    return _cookie("retrace", text, services, max_age=None if text else 0)


def known_cookie(text: str, services: Services) -> Cookie:
    """By which the browser is known at the next time (application/operators/known_browser.py), and the tenant with it."""
    return _cookie("retrace-known", text, services, max_age=KNOWN_DAYS * 86400)


def short_cookie(name: str, text: str, services: Services, seconds: int) -> Cookie:
    """Of a few seconds: from a form to the page after it."""
    return _cookie(name, text, services, max_age=seconds)


def known_of(connection: Connection, services: Services) -> tuple[str, str]:
    """The tenant and the text that a browser was given, each empty where it was not."""
    tenant, _, text = connection.cookies.get(cookie_name("retrace-known", services), "").partition(".")
    return tenant, text


def cookie_name(name: str, services: Services) -> str:
    return f"__Host-{name}" if _secure(services) else name


def _cookie(name: str, text: str, services: Services, max_age: int | None) -> Cookie:
    return Cookie(
        key=cookie_name(name, services),
        value=text,
        max_age=max_age,
        path="/",
        secure=_secure(services),
        httponly=True,
        samesite="lax",
    )


def _secure(services: Services) -> bool:
    return urlsplit(services.settings.public).scheme == "https"
