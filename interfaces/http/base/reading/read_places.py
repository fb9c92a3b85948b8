"""Read replicas: which requests read there. They are those of ROUTES, nothing else, and they decide nothing.

A handler of these gets services whose read models, and whose events that are shown, may be those of a replica (`Services.seen_from`); keys,
sessions, rates, aggregates that are loaded and all that is saved stay on the primary. What a request has to see, as it was just
written, it says by the position: `Retrace-Position`, a cursor's, that of the page or of the browser's last form.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from application.ports import Fault
from interfaces.bootstrap import Services
from interfaces.http.base.limits.served import served_by
from interfaces.http.base.position import POSITION
from interfaces.http.base.session.cookies import cookie_name, short_cookie
from interfaces.http.base.session.forgery import SAFE

ROUTES: Final = frozenset(
    {
        # figures
        "/v1/analytics/business",
        "/v1/analytics/decisions",
        "/v1/analytics/enrichment",
        "/v1/analytics/learning",
        "/v1/analytics/matches",
        "/v1/analytics/models",
        "/v1/analytics/operations",
        "/v1/analytics/quality",
        "/v1/analytics/recoveries",
        "/v1/analytics/retrieval",
        "/v1/analytics/retrieval/documents",
        "/v1/analytics/retrieval/unanswered",
        "/v1/analytics/suggestions",
        "/v1/bot/feedback/analytics",
        "/v1/bot/feedback/collection",
        "/v1/campaigns/{campaign:uuid}/customers",
        "/v1/campaigns/{campaign:uuid}/figures",
        "/v1/deployments/{deployment:uuid}/shadows",
        "/v1/providers/comparison",
        "/v1/providers/drift",
        "/v1/providers/usage",
        # files and feeds
        "/v1/analytics/export/{view:str}",
        "/v1/analytics/feed",
        "/v1/audit/export",
        # the log, looked at
        "/v1/audit/events",
        "/v1/audit/events/latest",
        "/v1/audit/events/stream",
        "/v1/conversations/search",
        # lists
        "/v1/action-calls",
        "/v1/alerts/deliveries",
        "/v1/alerts/history",
        "/v1/bookings",
        "/v1/bot/corrections",
        "/v1/bot/corrections/approved",
        "/v1/bot/feedback",
        "/v1/campaigns",
        "/v1/catalog/products",
        "/v1/catalog/services",
        "/v1/channels/deliveries",
        "/v1/conversations",
        "/v1/customers/forgotten",
        "/v1/datasets",
        "/v1/deployments",
        "/v1/documents",
        "/v1/experiments",
        "/v1/fine-tuning/jobs",
        "/v1/knowledge",
        "/v1/orders",
        "/v1/training-sets",
        # the console's own pages of these; its other pages show what the routes above answer
        "/console",
        "/console/inbox",
        "/console/inbox/search",
        "/console/insight",
        "/console/insight/business",
        "/console/insight/costs",
        "/console/insight/experiments",
        "/console/insight/operations",
        "/console/insight/providers",
        "/console/insight/quality",
        "/console/insight/retrieval",
    }
)
"""Paths of GET."""

POSITIONS: Final = ("at", "after", "since_position")
"""Of the query: positions that a caller knows already, so that the log which is read has to have them."""

LAST_ID: Final = "Last-Event-ID"
COOKIE: Final = "retrace-written"
REMEMBERED: Final = 60
"""Seconds for which a browser's pages have to show what its last form has written. A read model that is not there by then is late itself."""


def provide_services(request: Request[Any, Any, Any]) -> Services:
    """As a dependency of handlers."""
    return services_for(request, request.route_handler, served_by(request.scope).services)


def services_for(request: Request[Any, Any, Any], route: BaseRouteHandler, services: Services) -> Services:
    """As a handler of this route gets them. The routes of one request, as a page has them, read at one place."""
    if services.replicas is None or request.method not in SAFE or ROUTES.isdisjoint(route.paths):
        return services
    caller = request.scope["state"].get("caller")
    if caller is None or caller.principal is None:
        return services
    state = request.scope["state"]
    if "seen_from" not in state:
        sight = services.replicas.sight(caller.principal.tenant, _least(request, services))
        state["seen_from"] = services.seen_from(sight)
    found: Services = state["seen_from"]
    return found


def _least(connection: ASGIConnection[Any, Any, Any, Any], services: Services) -> int:
    """The position that a request has to see. What is no number says nothing; who wants it refused looks at it elsewhere."""
    query, headers = connection.query_params, connection.headers
    given = [query.get(name, "") for name in POSITIONS]
    given += [headers.get(POSITION, ""), headers.get(LAST_ID, "")]
    given.append(connection.cookies.get(cookie_name(COOKIE, services), ""))
    return max(
        (int(text) for text in given if text.isascii() and text.isdecimal() and len(text) < 20), default=0
    )


class Remembering(ASGIMiddleware):
    """Has a browser remember how far the log was when its form was done, so that its next pages show what that wrote."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        caller = scope["state"].get("caller")
        session = None if caller is None else caller.session
        assert scope["type"] == ScopeType.HTTP
        if self._services.replicas is None or session is None or scope["method"] in SAFE:
            await next_app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                with suppress(Fault):  # what is done is done, and not to be told as failed
                    position = await self._services.reads.head(session.principal.tenant)
                    cookie = short_cookie(COOKIE, str(position), self._services, REMEMBERED)
                    message["headers"] = [*message["headers"], cookie.to_encoded_header()]
            await send(message)

        await next_app(scope, receive, sending)
