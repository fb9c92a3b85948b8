"""Routing policies, providers' keys, providers' health."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.gateway import health, provider_key, routing
from interfaces.http.gateway.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    routing.ROUTER,
    health.ROUTER,
    provider_key.ROUTER,
)
