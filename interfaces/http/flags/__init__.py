"""Features and their rollouts."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.flags import flag
from interfaces.http.flags.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (flag.ROUTER,)
