"""Ratings of answers, and what they add up to.

Begin in `submit.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.feedback import analytics, submit
from interfaces.http.feedback.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    submit.ROUTER,
    analytics.ROUTER,
)
