"""The agent's configuration."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.agents import agent
from interfaces.http.agents.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (agent.ROUTER,)
