"""Shop: what a tenant sells: products with their stock, services with their times, and what customers have booked and ordered.

Begin in `product.py` and `service.py`. `availability.py` makes slots of a service's rules, `service_day.py` guards that none is given twice.
What is known of language models is not here: `models/catalogue.py`.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.shop.booking import Booking
from domain.shop.order import Order
from domain.shop.product import Product
from domain.shop.service import Service
from domain.shop.service_day import ServiceDay

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Product, Service, ServiceDay, Booking, Order)
