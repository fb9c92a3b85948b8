"""The agent's configuration."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.agents import agent

ROUTERS: Sequence[Router] = (agent.ROUTER,)
