"""What the providers cost and how they did, and what the agent decided."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.insight import decisions, evaluated, learning, models, usage

ROUTERS: Sequence[Router] = (
    usage.ROUTER,
    decisions.ROUTER,
    models.ROUTER,
    evaluated.ROUTER,
    learning.ROUTER,
)
