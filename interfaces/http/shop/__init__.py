"""Shop: products and services of a tenant's catalogue, and open slots, over HTTP.

Begin in `product.py`. Search in it: `retrieval/offers.py`. What customers book and order: `conversations/booking.py`, `order.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.shop import product, service, slots
from interfaces.http.shop.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (product.ROUTER, service.ROUTER, slots.ROUTER)
