"""Cross-site request forgery: what writes below /console comes from its own pages, or is refused with 403.

Two proofs: the browser says that the request is of the same origin (`Sec-Fetch-Site`, or `Origin` where it sends none), and the form
has a token that follows from the session's secret, which no other site can know.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException

from application.operators.authentication import LiveSession
from domain.base.errors import Forbidden
from interfaces.bootstrap import Services

FIELD = "csrf"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ELSEWHERE = "this did not come from a page of the console; open the console itself, and send the form there"
STALE = "this form is of another session; open the page again, and send it from there"
FORMS = frozenset({RequestEncodingType.URL_ENCODED.value, RequestEncodingType.MULTI_PART.value})


def csrf_token(session: LiveSession) -> str:
    """For the forms of one session."""
    mac = hmac.digest(session.secret, b"csrf", "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def check_origin(request: Request[Any, Any, Any], services: Services) -> None:
    """Raises Forbidden."""
    if request.method in SAFE:
        return
    sites = set(request.headers.getall("Sec-Fetch-Site", []))
    origins = set(request.headers.getall("Origin", []))
    ours = {_origin(services.settings.public), f"{request.url.scheme}://{request.url.netloc}"}
    if (sites and sites != {"same-origin"}) or (not sites and not origins) or not origins <= ours:
        raise Forbidden(ELSEWHERE)


async def check_form(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Of whoever is signed in. Raises Forbidden; 415 for what is no form."""
    if connection.scope.get("method") in SAFE:
        return
    assert isinstance(connection, Request)
    if connection.content_type[0] not in FORMS:
        raise HTTPException(status_code=415, detail="send the page's form")
    caller = connection.scope["state"].get("caller")
    if caller is None:
        return  # nobody is signed in: there is nothing that a stranger could do in somebody's name
    given = (await connection.form()).get(FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode(), csrf_token(caller.session).encode()
    ):
        raise Forbidden(STALE)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
