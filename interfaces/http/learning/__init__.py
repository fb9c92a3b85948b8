"""Learning: evaluations of the agent's variants."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.learning import evaluation
from interfaces.http.learning.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (evaluation.ROUTER,)
