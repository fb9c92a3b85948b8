"""Which models no other one beats, and which one to take."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.learning.tradeoff import ENOUGH, Option, frontier, recommend


def option(model: str, good: int, judged: int, cost: str, latency: float | None = 500.0) -> Option:
    return Option(model=model, judged=judged, good=good, cost=Decimal(cost), latency_ms=latency)


def test_a_model_that_is_nowhere_better_is_not_on_the_frontier() -> None:
    options = [
        option("good", 95, 100, "0.01", 900),
        option("cheap", 80, 100, "0.001", 500),
        option("beaten", 80, 100, "0.002", 500),
        option("unjudged", 0, 0, "0.001", 500),
        option("quick", 10, 100, "0.02", 100),
    ]
    assert frontier(options) == {"good", "cheap", "quick"}
    twins = [option("a", 1, 2, "1"), option("b", 1, 2, "1")]
    assert frontier(twins) == {"a", "b"}
    assert frontier([]) == frozenset()


options = st.builds(
    lambda model, judged, share, cost, latency: option(
        model, round(judged * share), judged, str(cost), latency
    ),
    st.text("abcdef", min_size=1, max_size=3),
    st.integers(0, 500),
    st.floats(0, 1),
    st.integers(0, 5),
    st.none() | st.integers(1, 5).map(float),
)


@given(st.lists(options, max_size=8, unique_by=lambda each: each.model))
def test_the_frontier_beats_all_others_and_the_recommended_one_has_enough_answers(
    found: list[Option],
) -> None:
    best = frontier(found)
    assert bool(best) == bool(found)
    for each in found:
        low, high = each.interval
        assert 0 <= low <= (each.quality or low) <= high <= 1
    chosen = recommend(found).model
    assert (chosen is None) == all(each.judged < ENOUGH for each in found)


def test_the_cheapest_that_is_not_clearly_worse_is_recommended() -> None:
    best, cheap = option("best", 950, 1000, "0.01"), option("cheap", 28, 30, "0.001")
    assert recommend([best, cheap]).model == "cheap"
    worse = option("cheap", 600, 1000, "0.001")
    found = recommend([best, worse])
    assert (found.model, found.rule) == ("best", 1)
    assert recommend([best, worse, option("few", 29, 29, "0")]).model == "best"
    assert recommend([worse]).model == "cheap"
    assert "no model has 30 judged answers; collect ratings" in recommend([option("few", 2, 2, "1")]).reason
    assert recommend([], "add cases").reason == "no model has 30 judged answers; add cases"
