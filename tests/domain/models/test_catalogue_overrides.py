from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import msgspec
import pytest

from domain.base.errors import Invalid, Refused
from domain.models.catalogue import Catalogue, Model
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.models.completion import Usage
from domain.models.pricing import Price, cost
from tests.domain.given import NOW, when

DAY = timedelta(days=1)
SHIPPED_PRICE = Price(provider="p", model="m", input=Decimal(1), output=Decimal(2), since=NOW - 90 * DAY)
SHIPPED = Catalogue(
    {"p/m": Model(provider="p", name="m", context_window=1000)},
    {"p/m": [SHIPPED_PRICE]},
    name="the shipped one",
)


def priced(input: int, since: int, until: int | None = None, model: str = "m") -> Price:
    """Days from now."""
    end = None if until is None else NOW + until * DAY
    return Price(
        provider="p",
        model=model,
        input=Decimal(input),
        output=Decimal(2),
        since=NOW + since * DAY,
        until=end,
    )


def overrides(*prices: Price) -> CatalogueOverrides:
    made = CatalogueOverrides.begin(uuid4(), NOW - 30 * DAY)
    for price in prices:
        made.set_price(price, SHIPPED, NOW - 30 * DAY)
    return made


def inputs(made: CatalogueOverrides, *days: int, model: str = "m") -> list[int | None]:
    known = made.over(SHIPPED)
    found = [known.price("p", model, NOW + day * DAY) for day in days]
    return [None if price is None else int(price.input) for price in found]


def test_a_price_of_the_tenants_own_holds_from_its_time_on() -> None:
    made = overrides()
    (event,) = when(made, lambda: made.set_price(priced(5, 0), SHIPPED, NOW))
    assert isinstance(event, CatalogueOverrides.PriceSet)
    assert event.price.id == "p/m@2026-11-21#2"
    assert inputs(made, -1, 0, 9) == [1, 5, 5]


def test_a_later_price_ends_the_open_one_before_it() -> None:
    made = overrides(priced(5, -10))
    made.set_price(priced(6, 3), SHIPPED, NOW)
    assert inputs(made, -11, -10, 2, 3, 90) == [1, 5, 5, 6, 6]


def test_after_a_price_with_an_end_what_held_before_holds_again() -> None:
    made = overrides(priced(5, 10, 20))
    assert inputs(made, 9, 10, 19, 20) == [1, 5, 5, 1]


def test_a_price_for_the_past_is_refused_where_one_was_known() -> None:
    made = overrides()
    with pytest.raises(Refused, match="correction") as refused:
        made.set_price(priced(5, -1), SHIPPED, NOW)
    assert refused.value.facts["price"] == SHIPPED_PRICE.id


def test_a_price_for_the_past_is_taken_where_none_was_known() -> None:
    made = overrides()
    made.set_price(priced(5, -500, model="own"), SHIPPED, NOW)
    assert inputs(made, -501, -500, 0, model="own") == [None, 5, 5]


@pytest.mark.parametrize(
    ("announced", "other"),
    [
        (priced(5, 10), priced(6, 5)),
        (priced(5, 10, 20), priced(6, 15)),
        (priced(5, 10, 20), priced(6, 5, 11)),
        (priced(5, 10), priced(6, 10)),
    ],
)
def test_prices_of_the_tenants_that_overlap_are_refused(announced: Price, other: Price) -> None:
    made = overrides(announced)
    with pytest.raises(Refused, match="at the same time"):
        made.set_price(other, SHIPPED, NOW)


def test_a_correction_holds_for_the_past_and_the_wrong_price_stays_on_record() -> None:
    made = overrides(priced(5, -20))
    wrong = made.state.prices["p/m"][0]
    charged = cost(Usage(input=1_000_000), wrong)
    (event,) = when(
        made, lambda: made.correct_price(wrong.id, priced(7, -20), "it was 7 from the start", SHIPPED, NOW)
    )
    assert isinstance(event, CatalogueOverrides.PriceCorrected)
    assert inputs(made, -21, -20, 0) == [1, 7, 7]
    known = made.over(SHIPPED)
    assert known.price_named(wrong.id) == wrong, "what was charged by it can be computed again"
    assert cost(Usage(input=1_000_000), wrong) == charged == 5
    assert made.state.corrected == {wrong.id: event.price.id}


def test_a_price_that_was_learnt_late_holds_from_its_day_and_not_before() -> None:
    made = overrides()
    made.correct_price(SHIPPED_PRICE.id, priced(4, -3), "announced on Wednesday", SHIPPED, NOW)
    assert inputs(made, -4, -3, 0) == [1, 4, 4]
    assert len({price.id for price in made.over(SHIPPED).prices()}) == 2


def test_a_price_ends_where_another_one_takes_its_place() -> None:
    made = overrides(priced(5, -10))
    first = made.state.prices["p/m"][0]
    assert made.end_of(first) is None
    made.set_price(priced(6, 3), SHIPPED, NOW)
    assert made.end_of(first) == NOW + 3 * DAY
    assert made.end_of(SHIPPED_PRICE) == NOW - 10 * DAY
    assert made.end_of(made.state.prices["p/m"][1]) is None
    assert overrides(priced(5, 10, 20)).end_of(priced(5, 12, 14)) == NOW + 14 * DAY


def test_a_correction_can_be_corrected() -> None:
    made = overrides()
    made.correct_price(SHIPPED_PRICE.id, priced(4, -3), "first", SHIPPED, NOW)
    made.correct_price(made.state.corrected[SHIPPED_PRICE.id], priced(3, -5), "second", SHIPPED, NOW)
    assert inputs(made, -6, -5, 0) == [1, 3, 3]


@pytest.mark.parametrize(
    ("corrects", "price", "reason"),
    [
        ("p/m@1999-01-01", priced(4, -3), "x"),
        (SHIPPED_PRICE.id, priced(4, -3, model="other"), "x"),
        (SHIPPED_PRICE.id, SHIPPED_PRICE, "x"),
        (SHIPPED_PRICE.id, priced(4, -200, -100), "x"),
        (SHIPPED_PRICE.id, priced(4, -3), "  "),
    ],
)
def test_a_correction_of_nothing_and_one_without_a_reason_are_invalid(
    corrects: str, price: Price, reason: str
) -> None:
    made = overrides()
    with pytest.raises(Invalid):
        made.correct_price(corrects, price, reason, SHIPPED, NOW)
    assert inputs(made, 0) == [1]


def test_the_same_correction_again_is_invalid() -> None:
    made = overrides()
    made.correct_price(SHIPPED_PRICE.id, priced(4, -3), "late", SHIPPED, NOW)
    with pytest.raises(Invalid, match="already"):
        made.correct_price(SHIPPED_PRICE.id, priced(4, -3), "late", SHIPPED, NOW)


def test_a_model_of_the_tenants_own_is_added_once() -> None:
    made, model = overrides(), Model(provider="own", name="house/8b", context_window=4000)
    (event,) = when(made, lambda: made.set_model(model, NOW))
    assert isinstance(event, CatalogueOverrides.ModelSet)
    assert made.over(SHIPPED).find("own", "house/8b") == model
    assert when(made, lambda: made.set_model(model, NOW)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"provider": ""},
        {"name": "with a blank"},
        {"name": "with@sign"},
        {"context_window": 0},
        {"successor": "p/m"},
        {"successor": "x"},
        {"abilities": frozenset({""})},
        {"max_output": 10**40},
    ],
)
def test_what_can_not_be_a_model_is_invalid(changes: dict[str, object]) -> None:
    model = msgspec.structs.replace(Model(provider="p", name="m", context_window=1), **changes)
    with pytest.raises(Invalid):
        overrides().set_model(model, NOW)


def test_what_was_replayed_is_what_was_decided() -> None:
    made = CatalogueOverrides.begin(uuid4(), NOW)
    made.set_price(priced(5, 0), SHIPPED, NOW)
    made.correct_price(SHIPPED_PRICE.id, priced(4, -3, -1), "late", SHIPPED, NOW)
    made.take_in(source="f", digest="d", models=[], prices=[priced(9, 0, model="new")], at=NOW)
    again = CatalogueOverrides.replay(list(made.pending_events))  # type: ignore[arg-type]  # the library's word
    assert again is not None
    assert again.state == made.state
