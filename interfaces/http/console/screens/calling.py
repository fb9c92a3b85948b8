"""Routes below /v1, called within this process by the operator who is signed in: the same scope, the same types, the same function."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request, Response
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute

from application.ports import Unavailable
from domain.base.context import Context, Expected
from domain.base.errors import Forbidden
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import allow, caller_in
from interfaces.http.base.limits.served import served_by
from interfaces.http.base.position import POSITION
from interfaces.http.base.reading.read_places import services_for

AT = "at"
"""Query parameter of a page: be at least as new as this position."""


class Told(NamedTuple):
    """What a route answered. `version`: of what it read or wrote, by its ETag; `position`: of what it wrote."""

    body: Any
    version: int | None = None
    position: int | None = None


class Api:
    """The routes, as one request's operator may call them."""

    def __init__(self, request: Request[Any, Any, Any], services: Services) -> None:
        self._request, self.services, self._caller = request, services, caller_in(request)

    @property
    def tenant(self) -> UUID:
        assert self._caller.principal is not None
        return self._caller.principal.tenant

    def may(self, route: BaseRouteHandler) -> bool:
        """Whether the operator has the scope."""
        try:
            allow(self._caller, route)
        except Forbidden:
            return False
        return True

    async def __call__(self, route: HTTPRouteHandler, /, *, _seen: int | None = None, **given: Any) -> Told:
        """`_seen`: the version at which the form's sender has seen it. `given`: path, query and `data`, of which texts are converted as those of an
        address are. Raises what the route raises, ValidationException for a parameter that is none."""
        allow(self._caller, route)
        handler = _registered(self._request, route)
        known = handler.parsed_fn_signature.parameters
        principal = self._caller.principal
        assert principal is not None
        context = self._caller.context(principal.tenant, self._request)
        if _seen is not None and (versioned := handler.opt.get("versioned")) is not None:
            stream = versioned(principal.tenant, given)
            context = _expecting(context, Expected(stream, frozenset({_seen})))
        parts = {
            "services": services_for(self._request, handler, self.services),
            "principal": principal,
            "caller": self._caller,
            "context": context,
            "request": self._request,
            "access_control": served_by(self._request.scope).access_control,
        }
        defaults = {name: field.default for name, field in known.items() if field.has_default}
        wanted = {name: value for name, value in {**parts, **given}.items() if name in known}
        values = handler.signature_model.parse_values_from_connection_kwargs(
            self._request, {**defaults, **wanted}
        )
        at = self._request.query_params.get(AT, "")
        if "at_least" in known and at.isdecimal():
            try:
                return _told(await handler.fn(**{**values, "at_least": int(at[:18])}))
            except Unavailable:  # the read model is behind: a page a moment old is better than none
                pass
        return _told(await handler.fn(**values))


def _expecting(context: Context, expected: Expected) -> Context:
    return Context(
        tenant=context.tenant, actor=context.actor, correlation=context.correlation, expected=expected
    )


def _told(answer: Any) -> Told:
    if not isinstance(answer, Response):
        return Told(answer)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    version, position = headers.get("etag", "").strip('"'), headers.get(POSITION.lower())
    return Told(
        answer.content, int(version) if version else None, int(position) if position is not None else None
    )


def _registered(request: Request[Any, Any, Any], route: HTTPRouteHandler) -> HTTPRouteHandler:
    """The application's own copy of a route, which knows the types of its parameters."""
    state = request.app.state
    if "route_of_function" not in state:
        state.route_of_function = {
            handler.fn: handler
            for each in request.app.routes
            if isinstance(each, HTTPRoute)
            for handler in each.route_handlers
        }
    found: HTTPRouteHandler = state.route_of_function[route.fn]
    return found
