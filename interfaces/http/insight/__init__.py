"""Figures: quality, business, operations; what the providers cost and how they did, what the agent decided and suggested, and how retrievals go."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.insight import (
    analyst_logins,
    business,
    decisions,
    definitions,
    evaluated,
    export,
    learning,
    matches,
    models,
    operations,
    quality,
    retrievals,
    suggestions,
    usage,
)
from interfaces.http.insight.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    usage.ROUTER,
    analyst_logins.ROUTER,
    export.ROUTER,
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
)
