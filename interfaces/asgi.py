"""The HTTP application, made from its services; the routes are those of all applications of a process."""

from __future__ import annotations

from functools import cache
from typing import Any

from litestar import Litestar, Request
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from application.tenancy.authentication import Principal
from domain.base.context import Context
from infra.absent import absent
from infra.crypto.keyring import Tampered
from interfaces.bootstrap import Services
from interfaces.http import EXAMPLES, ROUTERS
from interfaces.http.base import gate
from interfaces.http.base.admission import Admitted
from interfaces.http.base.authentication import (
    Caller,
    provide_caller,
    provide_context,
    provide_principal,
    provide_tenant_context,
)
from interfaces.http.base.browsers.allow import Allowing
from interfaces.http.base.browsers.cors import cors_config
from interfaces.http.base.described.description import complete, config
from interfaces.http.base.idempotency import Idempotent
from interfaces.http.base.limits.access import AccessControl, Held
from interfaces.http.base.limits.arrivals import Arriving
from interfaces.http.base.limits.chain import Chain, chained
from interfaces.http.base.limits.intake import SMALL, Bounded
from interfaces.http.base.limits.pace import Paced
from interfaces.http.base.limits.places import InWork
from interfaces.http.base.limits.rates import Rated
from interfaces.http.base.limits.served import Served, put, served_by
from interfaces.http.base.limits.share import Shared
from interfaces.http.base.meant import in_plain_digits, refuse_null
from interfaces.http.base.observing import Observed
from interfaces.http.base.problems import HANDLERS, on_tampered
from interfaces.http.base.reading.read_places import Remembering, provide_services
from interfaces.http.console.errors import on_unrouted

LARGEST_BODY = SMALL
"""Bytes of a request, uploads aside."""


def create_app(services: Services) -> ASGIApp:
    """An ASGI application. It opens and closes nothing: the services are the caller's."""
    return Observed(
        _Application(services), services.instruments, services.ids, services.stopping, services.traces
    )


class _Application:
    """The routes, served by these services."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._routes = routes(settings.origins)
        first = chained(
            Held(),
            Paced(settings.silence_timeout, settings.min_transfer_rate),
            Arriving(),
            Allowing(),
            Admitted(services),
            Remembering(services),
            Rated(services),
            Shared(settings.max_connections),
            Bounded(),
            InWork(),
            Idempotent(services),
        )
        self._served = Served(services, AccessControl(services), first)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        put(scope, self._served)
        await self._routes(scope, receive, send)


def _provide_access_control(
    request: Request[Any, Any, Any], principal: NamedDependency[Principal]
) -> AccessControl:
    return served_by(request.scope).access_control


@cache
def routes(origins: tuple[str, ...]) -> Litestar:
    """All of them, made once in a process for browser apps of these origins; they can be looked at."""
    with absent("pydantic"):  # 8 MB for models that no route has
        app = _made(origins)
    complete(app, EXAMPLES)
    return app


def _made(origins: tuple[str, ...]) -> Litestar:
    return Litestar(
        route_handlers=list(ROUTERS),
        dependencies={
            "services": Provide(provide_services, sync_to_thread=False),
            "access_control": Provide(_provide_access_control, sync_to_thread=False),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "principal": Provide(provide_principal, sync_to_thread=False),
            "context": Provide(provide_context, sync_to_thread=False),
            "tenant_context": Provide(provide_tenant_context, sync_to_thread=False),
        },
        middleware=[Chain(lambda scope: served_by(scope).first)],
        guards=[gate.check],
        before_request=refuse_null,
        after_request=in_plain_digits,
        exception_handlers={**HANDLERS, HTTPException: on_unrouted, Tampered: on_tampered},
        request_max_body_size=LARGEST_BODY,
        signature_types=[Services, AccessControl, Caller, Context, Principal],
        logging_config=None,
        openapi_config=config(),
        cors_config=cors_config(origins),
    )
