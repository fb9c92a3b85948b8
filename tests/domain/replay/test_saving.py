from __future__ import annotations

import random
import statistics
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.replay.saving import Interval, Pairs, blended, per_thousand, promise, saved
from infra.providers.catalogue import load_catalogue

THEN = datetime(2025, 1, 15, tzinfo=UTC)
"""When all the models of the specified table were for sale."""

MONEY = st.decimals(0, 10, places=12, allow_nan=False)


def specified(model: str) -> Decimal:
    provider, _, name = model.partition("/")
    price = load_catalogue().price(provider, name, THEN)
    assert price is not None
    return per_thousand(price)


TABLE = {
    "gemini/gemini-1.5-flash": "0.0001875",
    "openai/gpt-4o-mini": "0.000375",
    "gemini/gemini-1.5-pro": "0.003125",
    "openai/gpt-4o": "0.00625",
    "openai/o1-mini": "0.0075",
    "openai/o1-preview": "0.0375",
}


@pytest.mark.parametrize(("model", "price"), TABLE.items())
def test_the_specified_prices_are_the_half_and_half_mix_of_the_catalogue(model: str, price: str) -> None:
    assert specified(model) == Decimal(price)


@pytest.mark.parametrize(
    ("complex_model", "cost", "percent"),
    [("openai/o1-preview", "0.0057375", 8), ("openai/o1-mini", "0.0027375", 56)],
)
def test_the_specified_mix_saves_less_than_was_promised(complex_model: str, cost: str, percent: int) -> None:
    shares = {"gemini/gemini-1.5-flash": "0.6", "openai/gpt-4o": "0.3", complex_model: "0.1"}
    mix = {model: Decimal(share) for model, share in shares.items()}
    found = blended(mix, {model: specified(model) for model in mix})
    assert found == Decimal(cost)
    saving = saved(found, specified("openai/gpt-4o"))
    assert round(100 * saving) == percent
    exact = float(saving)
    assert promise(Interval(estimate=exact, low=exact, high=exact)) == "missed"


def test_a_mix_has_all_of_the_traffic() -> None:
    with pytest.raises(ValueError, match=r"0\.9"):
        blended({"a/b": Decimal("0.9")}, {"a/b": Decimal(1)})


@given(st.lists(st.tuples(MONEY, MONEY), min_size=2, max_size=60))
def test_sums_are_exact_and_intervals_those_of_the_pairs_differences(
    pairs: list[tuple[Decimal, Decimal]],
) -> None:
    found = Pairs()
    for before, after in pairs:
        found.add(before, after)
    assert found.before == sum(before for before, _ in pairs)
    assert found.after == sum(after for _, after in pairs)
    differences = [float(after - before) for before, after in pairs]
    reach = 1.959964 * statistics.stdev(differences) / len(pairs) ** 0.5
    told = found.difference()
    assert told.low is not None
    assert told.high is not None
    assert told.estimate == pytest.approx(statistics.fmean(differences), abs=1e-9)
    assert told.high - told.low == pytest.approx(2 * reach, abs=1e-6)


def test_the_interval_of_a_saving_holds_the_truth_about_95_times_in_100() -> None:
    chance, held = random.Random(7), 0
    for _ in range(400):
        found = Pairs()
        for _ in range(80):
            before = chance.expovariate(1)
            found.add(Decimal(before), Decimal(before * chance.choice([0.1, 0.5])))
        saving = found.saving()
        assert saving is not None
        assert saving.low is not None
        assert saving.high is not None
        held += saving.low <= 0.7 <= saving.high
    assert 0.91 <= held / 400 <= 0.98


def test_a_promise_is_kept_or_missed_only_where_the_interval_can_tell() -> None:
    assert promise(Interval(estimate=0.65, low=0.61, high=0.7)) == "kept"
    assert promise(Interval(estimate=0.65, low=0.55, high=0.75)) == "not certain"
    assert promise(Interval(estimate=0.2, low=0.1, high=0.3)) == "missed"
    assert promise(Interval(estimate=0.65, low=None, high=None)) == "not certain"


def test_nothing_spent_is_nothing_saved() -> None:
    found = Pairs()
    assert found.saving() is None
    found.add(Decimal(0), Decimal(1))
    assert found.saving() is None
    assert found.difference() == Interval(estimate=1.0, low=None, high=None)
