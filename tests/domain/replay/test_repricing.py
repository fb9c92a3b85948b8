from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from domain.conversations.conversation import Conversation
from domain.kinds import METERED
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Usage
from domain.models.pricing import Price, cost
from domain.models.usage_forms import Form, Forms
from domain.replay.repricing import Repricer, Repricing, Table, as_recorded, under

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD = Price(provider="p", model="m", input=Decimal("1.1"), output=Decimal(2), since=NOW - timedelta(days=9))
NEW = msgspec.structs.replace(OLD, input=Decimal("0.7"), since=NOW, revision="2")
SHIPPED = Catalogue({}, {"p/m": [OLD]}, name="shipped")
CORRECTED = Catalogue({}, {"p/m": [NEW]}, base=SHIPPED, version=2, name="corrected")


def attempt(at: datetime = NOW, price: Price | None = OLD, **facts: object) -> Attempt:
    usage = Usage(input=1_000_003, output=7)
    given = {
        "provider": "p",
        "model": "m",
        "served": "m",
        "outcome": "ok",
        "latency_ms": 1.0,
        "usage": usage,
        "cost": cost(usage, price) if price else Decimal(0),
        "price": price.id if price else None,
        "started_at": at,
    }
    return Attempt(**(given | facts))  # type: ignore[arg-type]  # made of an attempt's facts


def repriced(table: Table, *attempts: Attempt, limit: int = 10) -> Repricing:
    repricer = Repricer(table, limit)
    repricer.add(1, attempts)
    return repricer.result()


def test_every_event_with_attempts_is_metered() -> None:
    assert Conversation.Metered in METERED


def test_at_the_prices_as_recorded_no_call_differs() -> None:
    free = attempt(price=None, usage=Usage())
    unpriced, again = attempt(price=None), attempt(cached=True, price=None)
    cut = attempt(outcome="cancelled", usage=Usage(input=10, source="estimate"), cost=Decimal("0.000011"))
    found = repriced(as_recorded(CORRECTED), attempt(), attempt(price=NEW), free, unpriced, again, cut)
    assert (found.calls, found.different, found.unpriced, found.rows) == (6, 0, 0, [])
    assert found.new == found.recorded
    mean = found.mean_difference
    assert (mean.estimate, mean.low, mean.high) == (0, 0, 0)
    assert found.table == "as-recorded"


def test_a_recorded_price_that_nobody_knows_is_told_and_not_taken_for_true() -> None:
    found = repriced(as_recorded(SHIPPED), attempt(price=NEW))
    assert (found.different, found.unpriced, found.new) == (1, 1, 0)
    assert found.rows[0].new is None


def test_under_a_corrected_table_each_call_costs_what_it_should_have() -> None:
    before = attempt(at=NOW - timedelta(microseconds=1))
    found = repriced(under(CORRECTED), before, attempt())
    assert found.different == 1
    (row,) = found.rows
    assert (row.recorded_price, row.new_price) == (OLD.id, NEW.id)
    assert row.new is not None
    assert Fraction(row.new) == (1_000_003 * Fraction("0.7") + 14) / 10**6
    (total,) = found.sums
    assert total.table == "corrected"
    assert total.recorded_prices == [OLD.id]
    assert total.prices == [OLD.id, NEW.id]


def test_a_call_for_which_no_price_was_known_is_charged_by_the_one_that_came_late() -> None:
    found = repriced(under(SHIPPED), attempt(price=None))
    assert (found.recorded, found.new) == (0, cost(attempt().usage, OLD))


def test_a_model_without_a_price_is_counted_apart() -> None:
    found = repriced(under(SHIPPED), attempt(model="x", served="x"), attempt())
    assert (found.calls, found.unpriced, found.different) == (2, 1, 1)
    assert [(each.model, each.unpriced) for each in found.sums] == [("p/m", 0), ("p/x", 1)]


def test_a_cached_answer_and_a_call_that_used_nothing_cost_nothing() -> None:
    cached = attempt(price=None, cached=True)
    failed = attempt(price=None, usage=Usage(), outcome="unavailable", served=None)
    assert repriced(under(SHIPPED), cached, failed).different == 0


def test_the_served_model_is_charged_not_the_one_that_was_asked_for() -> None:
    found = repriced(under(SHIPPED), attempt(model="another", served="m"))
    assert (found.different, found.sums[0].model) == (0, "p/m")


FORMS = Forms(
    [
        Form(
            name="beside",
            seen="2026",
            source="https://v.example",
            input=("prompt_tokens",),
            output=("completion_tokens",),
            reasoning=("reasoning_tokens",),
            total=("total_tokens",),
            beside=frozenset({"reasoning"}),
        )
    ]
)
RAW = {"prompt_tokens": 100, "completion_tokens": 10, "reasoning_tokens": 40, "total_tokens": 150}


def test_a_row_of_the_table_of_forms_that_came_late_prices_what_was_misread_and_what_was_not_read() -> None:
    misread, unread = Usage(input=100, output=10, reasoning=10), Usage(input=90, output=9, source="estimate")
    calls = [attempt(usage=usage, raw_usage=RAW, cost=cost(usage, OLD)) for usage in (misread, unread)]
    found = repriced(under(SHIPPED, FORMS), *calls)
    assert [row.usage for row in found.rows] == [Usage(input=100, output=50, reasoning=40)] * 2
    assert found.new == 2 * cost(Usage(input=100, output=50), OLD)
    assert repriced(as_recorded(SHIPPED), *calls).different == 0


def test_what_a_stream_had_not_counted_when_it_broke_off_stays_as_we_counted_it() -> None:
    usage = Usage(input=100, output=7, source="estimate")
    cut = attempt(
        usage=usage,
        raw_usage={**RAW, "completion_tokens": 0, "reasoning_tokens": 0, "total_tokens": 100},
        cost=cost(usage, OLD),
    )
    assert repriced(under(SHIPPED, FORMS), cut).different == 0


def test_rows_are_held_up_to_the_limit_and_counted_beyond() -> None:
    found = repriced(under(CORRECTED), *[attempt()] * 25, limit=10)
    assert (len(found.rows), found.rows_left_out, found.different) == (10, 15, 25)


@pytest.mark.parametrize("table", [as_recorded(CORRECTED), under(CORRECTED)])
def test_sums_are_those_of_the_calls(table: Table, seed: int) -> None:
    chance = random.Random(seed)
    calls = [
        attempt(
            at=NOW + timedelta(hours=chance.randint(-200, 200)),
            price=chance.choice([OLD, NEW, None]),
            model=chance.choice("mx"),
            served=chance.choice(["m", "x", None]),
        )
        for _ in range(500)
    ]
    found = repriced(table, *calls)
    for name in ("calls", "different", "unpriced", "recorded", "new"):
        assert sum(getattr(each, name) for each in found.sums) == getattr(found, name)
    assert found.recorded == sum(call.cost for call in calls)
