"""Flash messages: what a form has done is said on the page that comes after it, once.

The text travels in a cookie under a MAC of the session, so that no other site and no other session can put words into a page.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie

from application.operators.authentication import LiveSession
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.session.cookies import cookie_name, short_cookie

NAME = "retrace-told"
SECONDS = 60
LONGEST = 1000


def tell(reply: Response[Any], text: str, request: Request[Any, Any, Any], services: Services) -> None:
    """Have the next page say it."""
    session = caller_in(request).session
    assert session is not None
    data = text[:LONGEST].encode()
    value = base64.urlsafe_b64encode(_mac(session, data) + data).decode().rstrip("=")
    reply.cookies.append(short_cookie(NAME, value, services, SECONDS))


def told(request: Request[Any, Any, Any], session: LiveSession, services: Services) -> str:
    """What is to be said on this page; empty where nothing is."""
    value = request.cookies.get(cookie_name(NAME, services), "")
    try:
        data = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return ""
    right = hmac.compare_digest(data[:16], _mac(session, data[16:]))
    return data[16:].decode(errors="replace") if right and data else ""


def said(services: Services) -> Cookie:
    """Takes the cookie away."""
    return short_cookie(NAME, "", services, 0)


def _mac(session: LiveSession, data: bytes) -> bytes:
    return hmac.digest(session.secret, b"told" + data, "sha256")[:16]
