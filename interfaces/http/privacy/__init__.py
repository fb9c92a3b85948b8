"""Customers forgotten, and retention."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.privacy import customer, retention
from interfaces.http.privacy.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    customer.ROUTER,
    retention.ROUTER,
)
