"""What the providers cost and how they did."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.insight import usage

ROUTERS: Sequence[Router] = (usage.ROUTER,)
