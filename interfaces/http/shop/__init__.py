"""Shop: products of a tenant's catalogue, over HTTP.

Begin in `product.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.shop import product
from interfaces.http.shop.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (product.ROUTER,)
