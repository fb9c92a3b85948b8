"""Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol): which browser apps may call the API, and by which keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.config.cors import CORSConfig
from litestar.connection import ASGIConnection

from application.tenancy.authentication import Principal
from domain.base.errors import Forbidden, Invalid
from domain.tenancy.origins import origin_of
from interfaces.bootstrap import Services

EXPOSED = (
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Retrace-Position",
    "Retrace-Words-Only",
    "Retry-After",
    "X-Request-ID",
    "X-Should-Retry",
)
"""Headers of answers that an app may read."""

REMEMBERED = 600
"""Seconds for which a browser need not ask again."""


def cors_config(origins: Sequence[str]) -> CORSConfig | None:
    """None: no other origin may call. No cookies go along: the console's session is for its own pages alone."""
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["*"],
        expose_headers=list(EXPOSED),
        max_age=REMEMBERED,
    )


def check_key_origin(
    connection: ASGIConnection[Any, Any, Any, Any], principal: Principal, services: Services
) -> None:
    """Raises Forbidden for a key that is bound to other origins, and for one that is bound to none in a browser app of another origin."""
    origins = connection.headers.getall("Origin", [])
    if principal.origins:
        if len(origins) != 1 or origins[0] not in principal.origins:
            bound = ", ".join(principal.origins)
            raise Forbidden(f"this key is for the browser apps at {bound}; use another one elsewhere")
    elif origins and services.settings.origins and any(not _ours(each, services) for each in origins):
        raise Forbidden(
            "this key is bound to no origin, and so not for a browser; issue one with `origins` by POST /v1/keys"
        )


def _ours(origin: str, services: Services) -> bool:
    try:
        return origin_of(origin) == origin_of("/".join(services.settings.public.split("/")[:3]))
    except Invalid:
        return False
