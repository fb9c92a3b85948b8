"""The HTTP application, made from its services."""

from __future__ import annotations

from litestar import Litestar
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp

from application.tenancy.authentication import Principal
from domain.base.context import Context
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
from interfaces.http.base.limits.chain import Chain
from interfaces.http.base.limits.intake import SMALL, Bounded
from interfaces.http.base.limits.pace import Paced
from interfaces.http.base.limits.places import InWork
from interfaces.http.base.limits.rates import Rated
from interfaces.http.base.limits.share import Shared
from interfaces.http.base.meant import in_plain_digits, refuse_null
from interfaces.http.base.observing import Observed
from interfaces.http.base.problems import HANDLERS, on_tampered
from interfaces.http.console.errors import on_unrouted

LARGEST_BODY = SMALL
"""Bytes of a request, uploads aside."""


def create_app(services: Services) -> ASGIApp:
    """An ASGI application. It opens and closes nothing: the services are the caller's."""
    return Observed(
        litestar_app(services), services.instruments, services.ids, services.stopping, services.traces
    )


def litestar_app(services: Services) -> Litestar:
    """The application without what observes it; its routes can be looked at."""
    settings, access_control = services.settings, AccessControl(services)

    def provide_access_control(principal: NamedDependency[Principal]) -> AccessControl:
        return access_control

    app = Litestar(
        route_handlers=list(ROUTERS),
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "access_control": Provide(provide_access_control, sync_to_thread=False),
            "caller": Provide(provide_caller, sync_to_thread=False),
            "principal": Provide(provide_principal, sync_to_thread=False),
            "context": Provide(provide_context, sync_to_thread=False),
            "tenant_context": Provide(provide_tenant_context, sync_to_thread=False),
        },
        middleware=[
            Chain(
                Held(),
                Paced(settings.silence_timeout, settings.min_transfer_rate),
                Arriving(),
                Allowing(),
                Admitted(services),
                Rated(services),
                Shared(settings.max_connections),
                Bounded(),
                InWork(),
                Idempotent(services),
            )
        ],
        guards=[gate.check],
        before_request=refuse_null,
        after_request=in_plain_digits,
        exception_handlers={**HANDLERS, HTTPException: on_unrouted, Tampered: on_tampered},
        request_max_body_size=LARGEST_BODY,
        signature_types=[Services, AccessControl, Caller, Context, Principal],
        logging_config=None,
        openapi_config=config(),
        cors_config=cors_config(services),
    )
    app.state.services = services
    app.state.access_control = access_control
    complete(app, EXAMPLES)
    return app
