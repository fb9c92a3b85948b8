"""By whom a request is served: the routes are made once in a process, whatever services there are, and a request brings those of its application.

To make a thousand routes takes half a second and 25 MB, and they are the same for each cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Scope

from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl

KEY = "retrace.served"
"""Of the scope."""

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True)
class Served:
    services: Services
    access_control: AccessControl
    first: ASGIApp
    """The chain of middleware, which knows the services."""


def put(scope: Scope, served: Served) -> None:
    cast("dict[str, Any]", scope)[KEY] = served


def served_by(scope: Scope) -> Served:
    found: Served = cast("dict[str, Any]", scope)[KEY]
    return found
