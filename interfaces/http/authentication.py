"""Who is calling: `X-Tenant-ID` and `X-Tenant-API-Key`, or `Authorization: Bearer KEY`."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection

from application.context import Context
from application.tenant import Principal, authenticate
from domain.errors import Unauthenticated
from interfaces.bootstrap import Services


async def principal_of(connection: ASGIConnection[Any, Any, Any, Any], services: Services) -> Principal:
    """Raises Unauthenticated, Forbidden for a suspended tenant."""
    headers = connection.headers
    text = headers.get("x-tenant-api-key")
    if text is None:
        kind, _, text = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not text:
            raise Unauthenticated(
                "send an API key: X-Tenant-ID and X-Tenant-API-Key, or Authorization: Bearer KEY"
            )
    return await authenticate(
        text.strip(), headers.get("x-tenant-id"), store=services.store, clock=services.clock
    )


async def provide_principal(request: Request[Any, Any, Any], services: Services) -> Principal:
    return await principal_of(request, services)


def provide_context(request: Request[Any, Any, Any], principal: Principal) -> Context:
    """The request's id is the correlation of all that it causes."""
    return Context(
        tenant=principal.tenant, actor=f"key:{principal.key}", correlation=request.state.request_id
    )
