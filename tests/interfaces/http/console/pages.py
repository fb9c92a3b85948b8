"""The table of all pages: a new one is one line here. Its addresses' parts come from a world below, where it has some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

from litestar import Router
from litestar.routes import HTTPRoute

from tests.interfaces.http.conftest import Customer

Parts = Mapping[str, str]


class Shown(NamedTuple):
    """`world` makes what the page shows and gives the parts of its path; `query` comes behind it."""

    path: str
    title: str
    world: Callable[[Customer], Awaitable[Parts]] | None = None
    query: str = ""


PAGES = (
    Shown("/console", "Home"),
    Shown("/console/account", "Your account"),
)
"""Each as an administrator sees it, signed in; `title` begins the document's."""

OPEN = ("/console/sign-in", "/console/accept")
"""Pages for those who are not signed in."""

NO_PAGES = {
    "/console/static/{digest:str}/{name:str}": "the files that pages load",
}
"""What answers GET below /console and is no page, and what it is."""


def routes(routers: Iterable[Router]) -> set[str]:
    """Paths of all that answers GET below /console."""
    return {
        route.path
        for router in routers
        for route in router.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/console") and "GET" in route.methods
    }
