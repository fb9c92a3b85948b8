"""Administration: keys, operators, flags, budgets, the log and its proofs, erasure. Each page is a `Screen` (screens/screen.py)."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.administration import (
    budgets,
    erasure,
    flags,
    keys,
    log,
    operators,
    state,
    time_zone,
    verification,
)
from interfaces.http.console.screens.screen import Screen

SCREENS: Sequence[Screen] = tuple(
    screen
    for area in (keys, operators, flags, budgets, time_zone, log, verification, erasure)
    for screen in area.SCREENS
)
ROUTERS: Sequence[Router] = (*(screen.router() for screen in SCREENS), state.ROUTER)
