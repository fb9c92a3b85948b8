"""Alerts: what fires, the rules, silences, and by which channels people are told. Each page is a `Screen` (screens/screen.py)."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.alerts import channels, rules
from interfaces.http.console.screens.screen import Screen

SCREENS: Sequence[Screen] = (*rules.SCREENS, *channels.SCREENS)
ROUTERS: Sequence[Router] = tuple(screen.router() for screen in SCREENS)
