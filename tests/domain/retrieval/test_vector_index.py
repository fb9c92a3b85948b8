"""When a large tenant gets an approximate index, when searches go by it, and when it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retrieval.embedding_model import LOCAL
from domain.retrieval.vector_index.index import VectorIndex
from domain.retrieval.vector_index.promotion import (
    AGAIN,
    EFS,
    IDLE,
    RULE,
    SAMPLES,
    IndexRules,
    Size,
    next_step,
)
from domain.retrieval.vector_index.recall import BEST, Recall, recall_of
from tests.domain.given import NOW, when

RULES = IndexRules(least=1_000, recall=0.99, most=2)
LARGE = Size(model=LOCAL, dimension=256, chunks=5_000)


def measured(*found: tuple[int, int], ef: int = EFS[0]) -> Recall:
    return recall_of(ef, dict(found))


GOOD, POOR = measured((BEST, SAMPLES)), measured((BEST, SAMPLES // 2), (BEST - 1, SAMPLES // 2))


def on_trial() -> VectorIndex:
    index = VectorIndex.begin(uuid4(), NOW)
    index.build(LARGE, RULES, NOW)
    index.collect_events()
    return index


def promoted() -> VectorIndex:
    index = on_trial()
    index.review(LARGE, True, [GOOD], RULES, NOW)
    assert index.state.status == "promoted"
    index.collect_events()
    return index


@given(st.lists(st.integers(0, BEST), min_size=1, max_size=300))
def test_p5_is_what_all_but_the_worst_twentieth_reach(found: list[int]) -> None:
    counts = {number: found.count(number) for number in set(found)}
    recall = recall_of(100, counts)
    ordered = sorted(found)
    below = sum(number / BEST < recall.at_p5 for number in ordered)
    upto = sum(number / BEST <= recall.at_p5 for number in ordered)
    assert below < max(1, 0.05 * len(found)) or below == 0
    assert upto >= 0.05 * len(found)
    assert recall.queries == len(found)
    assert recall.worst == ordered[0] / BEST
    assert recall.worst <= recall.at_p5 <= 1
    assert recall.mean == pytest.approx(sum(found) / len(found) / BEST)


def test_only_a_large_tenant_gets_one() -> None:
    index = VectorIndex.begin(uuid4(), NOW)
    few = msgspec.structs.replace(LARGE, chunks=999)
    assert index.review(few, False, (), RULES, NOW) == "stay"
    assert index.review(LARGE, False, (), RULES, NOW) == "build"
    none = msgspec.structs.replace(RULES, most=0)
    assert index.review(LARGE, False, (), none, NOW) == "stay"


def test_it_is_promoted_by_its_own_recall_with_the_fewest_candidates_that_are_enough() -> None:
    index = on_trial()
    recalls = [
        msgspec.structs.replace(POOR, ef=100),
        msgspec.structs.replace(GOOD, ef=200),
        msgspec.structs.replace(GOOD, ef=400),
    ]
    [event] = when(index, lambda: index.review(LARGE, True, recalls, RULES, NOW))
    assert isinstance(event, VectorIndex.Promoted)
    assert (event.ef, event.rule, event.wanted, event.recalls) == (200, RULE, 0.99, tuple(recalls))
    assert (index.state.status, index.state.ef) == ("promoted", 200)


def test_too_few_searches_decide_nothing_until_it_is_idle() -> None:
    index = on_trial()
    some = [measured((BEST, SAMPLES - 1))]
    assert when(index, lambda: index.review(LARGE, True, some, RULES, NOW)) == []
    [event] = when(index, lambda: index.review(LARGE, True, some, RULES, NOW + IDLE))
    assert isinstance(event, VectorIndex.Withdrawn)
    assert (event.status, event.because) == ("trial", "idle")


def test_one_that_was_not_good_enough_is_tried_again_when_the_tenant_has_grown_or_time_has_passed() -> None:
    index = on_trial()
    [event] = when(index, lambda: index.review(LARGE, True, [POOR], RULES, NOW))
    assert isinstance(event, VectorIndex.Withdrawn)
    assert (event.status, event.because, event.recalls) == ("trial", "recall", (POOR,))
    assert index.review(LARGE, False, (), RULES, NOW + AGAIN / 2) == "stay"
    assert index.review(LARGE, False, (), RULES, NOW + AGAIN) == "build"
    grown = msgspec.structs.replace(LARGE, chunks=8_000)
    assert index.review(grown, False, (), RULES, NOW + timedelta(hours=1)) == "build"
    other = msgspec.structs.replace(LARGE, model="test/other")
    assert index.review(other, False, (), RULES, NOW + timedelta(hours=1)) == "build"


@pytest.mark.parametrize(
    ("size", "standing", "recalls", "rules", "because"),
    [
        (LARGE, True, [POOR], RULES, "recall"),
        (msgspec.structs.replace(LARGE, chunks=499), True, [GOOD], RULES, "size"),
        (msgspec.structs.replace(LARGE, model="test/other"), True, [GOOD], RULES, "model"),
        (msgspec.structs.replace(LARGE, dimension=512), True, [GOOD], RULES, "model"),
        (LARGE, False, [], RULES, "lost"),
        (LARGE, True, [GOOD], msgspec.structs.replace(RULES, most=0), "off"),
    ],
)
def test_one_that_serves_is_withdrawn(
    size: Size, standing: bool, recalls: Sequence[Recall], rules: IndexRules, because: str
) -> None:
    index = promoted()
    [event] = when(index, lambda: index.review(size, standing, recalls, rules, NOW))
    assert isinstance(event, VectorIndex.Withdrawn)
    assert (event.status, event.because, event.rule, event.size) == ("promoted", because, RULE, size)
    assert (index.state.status, index.state.because) == ("exact", because)


@given(
    st.lists(
        st.tuples(st.sampled_from([400, 600, 3_000, 9_000]), st.booleans(), st.integers(7, 10)), max_size=12
    )
)
def test_each_decision_can_be_taken_again_from_its_event(looks: list[tuple[int, bool, int]]) -> None:
    index, decided = VectorIndex.begin(uuid4(), NOW), 0
    before = msgspec.structs.replace(index.state)
    index.collect_events()
    for number, (chunks, standing, found) in enumerate(looks):
        at, size = NOW + number * AGAIN, msgspec.structs.replace(LARGE, chunks=chunks)
        recalls = [measured((found, SAMPLES), ef=index.state.ef or EFS[0])]
        if index.review(size, standing, recalls, RULES, at) == "build":
            index.build(size, RULES, at)
        for event in index.collect_events():
            if isinstance(event, VectorIndex.Built):
                again = next_step(before, event.size, False, (), IndexRules(least=event.least), at)
                assert again == "build"
            elif isinstance(event, VectorIndex.Promoted | VectorIndex.Withdrawn):
                rules = IndexRules(least=event.least, recall=event.wanted)
                gone = isinstance(event, VectorIndex.Withdrawn) and event.because == "lost"
                again = next_step(before, event.size, not gone, event.recalls, rules, at)
                assert again == (event.because if isinstance(event, VectorIndex.Withdrawn) else "promote")
            decided += 1
        before = msgspec.structs.replace(index.state)
    assert decided <= 2 * len(looks)


def test_of_one_that_serves_only_what_it_serves_with_counts() -> None:
    """Processes that have not heard of it yet measure the rest for some seconds more."""
    index = promoted()
    others = [measured((BEST, 2), ef=200), measured((0, 2), ef=400)]
    assert index.review(LARGE, True, [GOOD, *others], RULES, NOW) == "renew"
    assert index.review(LARGE, True, [POOR, *others], RULES, NOW) == "recall"


def test_one_that_serves_stays_while_it_is_good_and_is_measured_anew() -> None:
    index = promoted()
    assert index.review(LARGE, True, [GOOD], RULES, NOW) == "renew"
    half = msgspec.structs.replace(LARGE, chunks=500)
    assert index.review(half, True, [measured((BEST, 5))], RULES, NOW) == "stay"
    assert not index.pending_events
