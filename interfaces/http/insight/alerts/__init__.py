"""Alerts over HTTP: states, rules, channels."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.insight.alerts import channel, rule, state
from interfaces.http.insight.alerts.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (state.ROUTER, rule.ROUTER, channel.ROUTER)
