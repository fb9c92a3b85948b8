"""Shop: what a tenant sells, its catalogue of products and their stock.

Begin in `product.py`. What is known of language models is not here: `models/catalogue.py`.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.shop.product import Product

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Product,)
