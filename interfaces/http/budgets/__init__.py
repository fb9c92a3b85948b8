"""The budget: limits, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.budgets import budget
from interfaces.http.budgets.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (budget.ROUTER,)
