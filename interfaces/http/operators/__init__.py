"""Operators over HTTP, for a tenant's administrators: invite, list, roles, suspend, remove; their sessions."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.operators import operator, sessions
from interfaces.http.operators.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (operator.ROUTER, sessions.ROUTER)
