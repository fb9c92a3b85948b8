"""Figures: quality, business, operations; what the providers cost and how they did, what the agent decided and suggested, and how retrievals go; alerts (`alerts/`)."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.base.described.description import Examples
from interfaces.http.insight import (
    alerts,
    analyst_logins,
    business,
    decisions,
    definitions,
    enrichments,
    evaluated,
    export,
    feed,
    learning,
    matches,
    models,
    operations,
    quality,
    retrievals,
    suggestions,
    usage,
)
from interfaces.http.insight.examples import EXAMPLES as FIGURES

ROUTERS: Sequence[Router] = (
    *alerts.ROUTERS,
    usage.ROUTER,
    analyst_logins.ROUTER,
    export.ROUTER,
    feed.ROUTER,
    decisions.ROUTER,
    retrievals.ROUTER,
    models.ROUTER,
    evaluated.ROUTER,
    learning.ROUTER,
    quality.ROUTER,
    business.ROUTER,
    operations.ROUTER,
    definitions.ROUTER,
    suggestions.ROUTER,
    matches.ROUTER,
    enrichments.ROUTER,
)

EXAMPLES: Examples = {**FIGURES, **alerts.EXAMPLES}
