"""Products: by any way of adjusting it the stock is what was put in less what was taken, and never below zero."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.shop_checks import no_stock_goes_below_zero
from domain.base.errors import Invalid, NotFound, Refused
from domain.base.recorded import Recorded
from domain.shop.product import Product, ProductFacts

AT = datetime(2026, 11, 29, tzinfo=UTC)
MUG = ProductFacts(name="Blue mug", price=Decimal("12.90"), currency="EUR")


@given(st.integers(0, 20), st.lists(st.integers(-9, 9).filter(bool), max_size=30))
def test_stock_is_never_below_zero(stock: int, changes: list[int]) -> None:
    product = Product.add(uuid4(), MUG, stock=stock, at=AT)
    for by in changes:
        if stock + by < 0:
            with pytest.raises(Refused):
                product.adjust_stock(by, "", AT)
        else:
            product.adjust_stock(by, "", AT)
            stock += by
        assert product.state.stock == stock


def test_what_is_no_price_or_no_address_is_refused() -> None:
    for price in ("NaN", "Infinity", "-0.01"):
        with pytest.raises(Invalid):
            Product.add(uuid4(), ProductFacts(name="x", price=Decimal(price), currency="EUR"), stock=1, at=AT)
    for image in ("javascript:alert(1)", "https://", "http://[", "mug.jpg"):
        facts = ProductFacts(name="x", price=Decimal(1), currency="EUR", images=(image,))
        with pytest.raises(Invalid):
            Product.add(uuid4(), facts, stock=1, at=AT)


def test_a_currency_that_there_is_not_is_refused_with_the_way_out() -> None:
    for currency in ("EUT", "XXY", "eur", "XXX"):
        facts = ProductFacts(name="x", price=Decimal(1), currency=currency)
        with pytest.raises(Invalid, match="no code of ISO 4217; name one as EUR"):
            Product.add(uuid4(), facts, stock=1, at=AT)
    Product.add(uuid4(), ProductFacts(name="x", price=Decimal(1), currency="JPY"), stock=1, at=AT)


def test_a_deleted_product_is_gone() -> None:
    product = Product.add(uuid4(), MUG, stock=1, at=AT)
    product.remove(AT)
    with pytest.raises(NotFound):
        product.adjust_stock(1, "", AT)
    with pytest.raises(NotFound):
        product.change(MUG, AT)


def test_a_log_in_which_more_was_taken_than_there_was_is_found() -> None:
    product = Product.add(uuid4(), MUG, stock=1, at=AT)
    product.trigger(Product.StockAdjusted, at=AT, by=-2, reason="")
    check = no_stock_goes_below_zero()
    told = [check(_recorded(event, n)) for n, event in enumerate(product.pending_events, 1)]
    assert told == [None, "there are -1 pieces"]


def _recorded(event: object, position: int) -> Recorded:
    made = dict.fromkeys(Recorded.__struct_fields__)
    return Recorded(**{**made, "event": event, "position": position, "stream": event.originator_id})  # type: ignore[attr-defined]
