"""Campaigns: planned, tried out, sent, counted. Each page is a `Screen` (screens/screen.py)."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.campaigns.campaigns import SCREENS

ROUTERS: Sequence[Router] = tuple(screen.router() for screen in SCREENS)
