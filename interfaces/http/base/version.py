"""`ETag` and `If-Match`: a read tells at which version a thing is, a command which one it expects (RFC 9110, sections 8.8.3, 13.1.1).

A route says with `versioned` which aggregate its commands are about: a function of the tenant and the path's parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from domain.base.context import Expected
from domain.base.errors import Invalid

MATCH = "If-Match"
DESCRIPTION = 'The version that you have seen, as its ETag told it: "7". 409, with the current one, where it is another by now.'
TAGS = r'^\s*(\*|(W/)?"[0-9]{1,10}"\s*(,\s*(W/)?"[0-9]{1,10}"\s*)*)$'
"""Of the header, for the description."""

HOW = f'{MATCH} takes the ETag that a read or a write answered with, as "7"; several are parted by commas, and * is any'

Versioned = Callable[[UUID, Mapping[str, Any]], UUID]
_TAGS = re.compile(r'\s*(?:W/)?"(\d{1,10})"\s*')
"""A proxy that compresses makes a tag weak; versions are exact all the same."""


def of_tenant(tenant: UUID, path: Mapping[str, Any]) -> UUID:
    """Commands about the tenant itself: its name, its keys."""
    return tenant


def one(id_of: Callable[[UUID], UUID]) -> Versioned:
    """Commands about an aggregate of which a tenant has one."""
    return lambda tenant, path: id_of(tenant)


def named(parameter: str) -> Versioned:
    """Commands about the aggregate that the path names."""

    def id_in(tenant: UUID, path: Mapping[str, Any]) -> UUID:
        id: UUID = path[parameter]
        return id

    return id_in


def tag(version: int) -> dict[str, str]:
    """The header that tells a version; 0 is that of what was never set."""
    return {"ETag": f'"{version}"'}


def expected(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler, tenant: UUID
) -> Expected | None:
    """What the request expects. Raises Invalid, also where the route would not look at it."""
    given = connection.headers.getall(MATCH, [])
    if not given or connection.scope.get("method") in ("GET", "HEAD"):
        return None
    versioned: Versioned | None = handler.opt.get("versioned")
    if versioned is None:
        raise Invalid(f"this address takes no {MATCH}; leave it out")
    text = ",".join(given)  # several lines of a list are one list (RFC 9110, section 5.3)
    if text.strip() == "*":
        return None
    found = [_TAGS.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise Invalid(HOW)
    versions = frozenset(int(match[1]) for match in found if match)
    return Expected(versioned(tenant, connection.path_params), versions)
