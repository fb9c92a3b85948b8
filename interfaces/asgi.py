"""The HTTP application, made from its services."""

from __future__ import annotations

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from interfaces.bootstrap import Services
from interfaces.http import ROUTERS
from interfaces.http.authentication import provide_context, provide_principal
from interfaces.http.idempotency import Idempotent
from interfaces.http.observing import Counters, Observer
from interfaces.http.problems import HANDLERS

LARGEST_BODY = 256 * 1024
"""Bytes of a request, uploads aside."""


def create_app(services: Services) -> Litestar:
    counters = Counters()
    return Litestar(
        route_handlers=list(ROUTERS),
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False),
            "counters": Provide(lambda: counters, sync_to_thread=False),
            "principal": Provide(provide_principal),
            "context": Provide(provide_context, sync_to_thread=False),
        },
        middleware=[Observer(counters), Idempotent(services)],
        exception_handlers=HANDLERS,
        request_max_body_size=LARGEST_BODY,
        signature_types=[Services, Counters],
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Retrace",
            version="1",
            description="AI customer service whose every answer can be explained. Errors are RFC 9457 problem details.",
            path="/schema",
            components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"key": []}],
        ),
    )
