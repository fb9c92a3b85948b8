"""Feedback over HTTP: ratings of answers, and what they add up to; corrections, and their review.

Begin in `submit.py`, and `correction.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.feedback import analytics, correction, review_rules, submit
from interfaces.http.feedback.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    submit.ROUTER,
    analytics.ROUTER,
    correction.ROUTER,
    review_rules.ROUTER,
)
