"""Models: what there is and costs, who answers what, how providers do; models made, judged, tried beside each other and let out."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.models import (
    catalogue,
    deployments,
    evaluations,
    experiments,
    providers,
    routing,
    tuning,
)
from interfaces.http.console.screens.screen import Screen

SCREENS: Sequence[Screen] = tuple(
    screen
    for area in (catalogue, routing, providers, tuning, evaluations, experiments, deployments)
    for screen in area.SCREENS
)
ROUTERS: Sequence[Router] = tuple(screen.router() for screen in SCREENS)
