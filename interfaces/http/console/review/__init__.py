"""Review: what customers thought of answers, what they should have been, and what is learned from that."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.review import corrections, datasets, feedback
from interfaces.http.console.screens.screen import Screen

SCREENS: Sequence[Screen] = (*feedback.SCREENS, *corrections.SCREENS, *datasets.SCREENS)
ROUTERS: Sequence[Router] = tuple(screen.router() for screen in SCREENS)
