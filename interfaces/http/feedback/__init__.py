"""Ratings of answers, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

ROUTERS: Sequence[Router] = ()
