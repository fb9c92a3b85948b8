"""What the agent's prompts and texts say."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.answers import enrichment, prompts
from interfaces.http.answers.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (prompts.ROUTER, enrichment.ROUTER)
