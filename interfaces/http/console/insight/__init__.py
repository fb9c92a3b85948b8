"""Dashboards: one file a board; each makes cards and grids (`board.py`) of read models' answers, and one template shows them all."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.insight import (
    business,
    costs,
    experiments,
    operations,
    overview,
    providers,
    quality,
    retrieval,
)

ROUTERS: Sequence[Router] = (
    overview.ROUTER,
    quality.ROUTER,
    business.ROUTER,
    operations.ROUTER,
    costs.ROUTER,
    providers.ROUTER,
    retrieval.ROUTER,
    experiments.ROUTER,
)
