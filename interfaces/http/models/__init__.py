"""Models and prices of a tenant's catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.models import models, price
from interfaces.http.models.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    models.ROUTER,
    price.ROUTER,
)
