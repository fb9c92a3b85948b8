"""Is it alive, can it serve; how far are the read models?"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.operations import health, projections

ROUTERS: Sequence[Router] = (
    projections.ROUTER,
    health.ROUTER,
)
