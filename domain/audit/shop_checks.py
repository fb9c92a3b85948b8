"""What must hold of the shop after every event of a tenant's log."""

from __future__ import annotations

from uuid import UUID

from domain.audit.conversation_checks import Check
from domain.base.recorded import Recorded
from domain.shop.product import Product


def no_stock_goes_below_zero() -> Check:
    stocks: dict[UUID, int] = {}

    def check(recorded: Recorded) -> str | None:
        event, product = recorded.event, recorded.stream
        if isinstance(event, Product.Created):
            stocks[product] = event.stock
        elif isinstance(event, Product.StockAdjusted):
            stocks[product] = stocks.get(product, 0) + event.by
        else:
            return None
        return f"there are {stocks[product]} pieces" if stocks[product] < 0 else None

    return check
