"""Tenants and their API keys."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.tenancy import api_key, rate_limits, tenant, tenant_key, time_zone
from interfaces.http.tenancy.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    tenant.ROUTER,
    tenant_key.ROUTER,
    api_key.ROUTER,
    rate_limits.ROUTER,
    time_zone.ROUTER,
)
