from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers.serving import MOST, Serving, ServingState
from domain.answers.split import SLOTS, Arm, Split, allotted, assign
from domain.answers.variant import Variant
from domain.base.errors import Invalid, NotFound, Refused
from domain.flags.feature import FEATURES, bucket_of
from tests.domain.given import NOW, when

SPACE = UUID(int=2026)
UNITS = [uuid5(SPACE, f"customer {n}") for n in range(20_000)]
NAMES = ("a", "b", "c", "d")


def split_of(name: str, *shares: float, ranges: tuple[tuple[int, int], ...] = ((0, SLOTS),)) -> Split:
    arms = tuple(Arm(name=arm, share=share) for arm, share in zip(NAMES, shares, strict=False))
    return Split(id=uuid5(SPACE, name), kind="experiment", arms=arms, ranges=ranges, since=NOW)


def begun() -> Serving:
    return Serving.begin(SPACE, NOW)


def chi_square(table: Counter[tuple[object, object]]) -> float:
    """Pearson's statistic of a table of two things, by what it would be if they were independent."""
    rows, columns, all = Counter[object](), Counter[object](), sum(table.values())
    for (row, column), count in table.items():
        rows[row] += count
        columns[column] += count
    expected = {(row, column): rows[row] * columns[column] / all for row in rows for column in columns}
    return sum((table[cell] - wanted) ** 2 / wanted for cell, wanted in expected.items())


def test_each_arm_has_its_share_of_the_customers() -> None:
    shares = (0.6, 0.3, 0.1)
    split = split_of("one", *shares)
    counted = Counter(assign(split, unit).name for unit in UNITS)  # type: ignore[union-attr]  # all are in it
    off = sum(
        (counted[name] - share * len(UNITS)) ** 2 / (share * len(UNITS))
        for name, share in zip(NAMES, shares, strict=False)
    )
    assert off < 13.8  # two degrees of freedom, 1 in 1,000


SHARES = st.lists(st.integers(0, 100), min_size=2, max_size=4).filter(any)


@given(SHARES, SHARES, st.uuids())
def test_a_customer_goes_only_to_an_arm_that_has_grown_more_than_theirs(
    before: list[int], after: list[int], unit: UUID
) -> None:
    size = min(len(before), len(after))
    before, after = before[:size], after[:size]
    if not any(before) or not any(after):
        return
    was = [share / sum(before) for share in before]
    is_now = [share / sum(after) for share in after]
    one, other = assign(split_of("x", *was), unit), assign(split_of("x", *is_now), unit)
    assert one is not None
    assert other is not None
    at, to = NAMES.index(one.name), NAMES.index(other.name)
    assert at == to or is_now[to] * was[at] > is_now[at] * was[to]


@given(st.integers(0, 100), st.integers(0, 100), st.uuids())
def test_nobody_leaves_an_arm_while_its_share_grows(share: int, later: int, unit: UUID) -> None:
    low, high = sorted((share / 100, later / 100))
    small, large = (assign(split_of("x", 1 - part, part), unit) for part in (low, high))
    assert small is not None
    assert large is not None
    assert large.name == "b" or small.name == "a"


def test_an_arm_of_nothing_is_nobodys_and_one_of_all_everybodys() -> None:
    for shares, name in (((0.0, 1.0), "b"), ((1.0, 0.0), "a")):
        split = split_of("x", *shares)
        assert {arm.name for unit in UNITS[:500] if (arm := assign(split, unit))} == {name}


def test_arms_of_two_splits_are_independent() -> None:
    one, other = split_of("one", 0.5, 0.5), split_of("other", 0.2, 0.3, 0.5)
    table = Counter((assign(one, unit).name, assign(other, unit).name) for unit in UNITS)  # type: ignore[union-attr]
    assert chi_square(table) < 13.8  # (2 - 1) * (3 - 1) degrees of freedom, 1 in 1,000


@pytest.mark.parametrize("flag", sorted(FEATURES))
def test_the_arm_does_not_depend_on_a_flags_bucket(flag: str) -> None:
    split = split_of("one", 0.5, 0.5)
    table = Counter((assign(split, unit).name, bucket_of(flag, str(unit)) // 20) for unit in UNITS)  # type: ignore[union-attr]
    assert chi_square(table) < 20.6  # five degrees of freedom, 1 in 1,000


def test_the_arm_does_not_depend_on_whether_one_is_in_the_split() -> None:
    split = split_of("one", 0.5, 0.5)
    half = split_of("one", 0.5, 0.5, ranges=((0, SLOTS // 2),))
    table = Counter((assign(split, unit).name, assign(half, unit) is None) for unit in UNITS)  # type: ignore[union-attr]
    assert chi_square(table) < 10.9  # one degree of freedom, 1 in 1,000


@given(st.lists(st.integers(1, SLOTS), min_size=1, max_size=4), st.uuids())
def test_whoever_is_in_a_split_stays_with_their_arm_as_it_takes_in_more(sizes: list[int], unit: UUID) -> None:
    serving, split = begun(), split_of("x", 0.5, 0.5)
    serving.open(split, sorted(sizes)[0] / SLOTS, NOW)
    had = None
    for size in sorted(sizes):
        serving.widen(split.id, size / SLOTS, NOW)
        arm = assign(serving.state.splits[split.id], unit)
        assert had is None or arm == had
        had = arm


def in_group(name: str, group: str | None = "prices", *variants: Variant) -> Split:
    arms = tuple(
        Arm(name=arm, share=1 / len(variants or (0,)), variant=variant)
        for arm, variant in zip(NAMES, variants or (Variant(),), strict=False)
    )
    return Split(id=uuid5(SPACE, name), kind="experiment", group=group, arms=arms, since=NOW)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("uvwxyz"), st.sampled_from(["open", "widen", "close"]), st.integers(1, 6000)
        ),
        max_size=30,
    )
)
def test_no_customer_is_ever_in_two_splits_of_a_group(steps: list[tuple[str, str, int]]) -> None:
    serving = begun()
    for name, step, size in steps:
        split = in_group(name)
        before = serving.state.splits.get(split.id)
        try:
            if step == "open":
                serving.open(split, size / SLOTS, NOW)
            elif step == "widen":
                serving.widen(split.id, size / SLOTS, NOW)
            else:
                serving.close(split.id, NOW)
        except (Refused, NotFound):
            assert serving.state.splits.get(split.id) == before
            continue
        taken = [slot for each in serving.state.splits.values() for slot in slots(each.ranges)]
        assert len(taken) == len(set(taken))
        if step != "close":
            now = serving.state.splits[split.id]
            assert len(slots(now.ranges)) == size
            assert before is None or slots(before.ranges) <= slots(now.ranges)


def slots(ranges: Sequence[tuple[int, int]]) -> set[int]:
    return {slot for first, end in ranges for slot in range(first, end)}


def test_a_group_without_room_says_how_much_is_left() -> None:
    serving = begun()
    serving.open(in_group("x"), 0.7, NOW)
    with pytest.raises(Refused, match=r"'prices' has 0\.3 of the customers left"):
        serving.open(in_group("y"), 0.4, NOW)
    serving.open(in_group("y"), 0.3, NOW)
    serving.close(in_group("x").id, NOW)
    serving.open(in_group("z"), 0.7, NOW)
    both = [
        (assign(serving.state.splits[in_group(name).id], unit) is None)
        for unit in UNITS[:999]
        for name in "yz"
    ]
    assert sum(both) == 999  # each is in the one or in the other


def test_experiments_that_touch_the_same_have_a_group() -> None:
    warm, terse = (
        Variant(configuration={"tone": "warm"}),
        Variant(configuration={"tone": "terse", "name": "Ann"}),
    )
    serving = begun()
    serving.open(in_group("x", None, Variant(), warm), 0.5, NOW)
    with pytest.raises(Refused, match=r"changes configuration\.tone too: give both the same group"):
        serving.open(in_group("y", None, Variant(), terse), 0.5, NOW)
    serving.open(in_group("y", None, Variant(), Variant(model="openai/gpt-4o")), 0.5, NOW)
    with pytest.raises(Refused, match="changes model too"):
        serving.open(in_group("z", None, Variant(configuration={"default_model": "gemini/x"})), 0.5, NOW)


def test_what_is_said_of_a_split_that_there_is_not_or_that_does_not_add_up() -> None:
    serving, split = begun(), split_of("x", 0.5, 0.4)
    with pytest.raises(Invalid, match="add up to 1; they are 0.5, 0.4"):
        serving.open(split, 1, NOW)
    with pytest.raises(Invalid, match="a name of its own"):
        serving.open(
            Split(id=SPACE, kind="experiment", since=NOW, arms=(Arm(name="a", share=0.5),) * 2), 1, NOW
        )
    with pytest.raises(Invalid, match="traffic is the part"):
        serving.open(split_of("x", 0.5, 0.5), 0, NOW)
    with pytest.raises(NotFound):
        serving.reshare(split.id, {}, NOW)
    serving.open(split_of("x", 0.5, 0.5), 0.5, NOW)
    with pytest.raises(Refused, match="served already"):
        serving.open(split_of("x", 0.5, 0.5), 1, NOW)
    with pytest.raises(Refused, match="stay in it"):
        serving.widen(split.id, 0.4, NOW)
    with pytest.raises(Invalid, match="share of each arm: a, b"):
        serving.reshare(split.id, {"a": 1.0}, NOW)
    with pytest.raises(Invalid, match="add up to 1"):
        serving.reshare(split.id, {"a": 1.0, "b": 0.5}, NOW)
    for number in range(MOST - 1):
        serving.open(split_of(f"further {number}", 0.5, 0.5), 1, NOW)
    with pytest.raises(Refused, match="end one first"):
        serving.open(split_of("one too many", 0.5, 0.5), 1, NOW)


def test_what_is_served_is_its_events() -> None:
    serving, split = begun(), split_of("x", 0.9, 0.1)
    assert when(serving, lambda: serving.close(split.id, NOW)) == []
    (opened,) = when(serving, lambda: serving.open(split, 0.25, NOW + timedelta(hours=1)))
    assert isinstance(opened, Serving.Opened)
    assert opened.split.ranges == ((0, SLOTS // 4),)
    assert opened.split.since == NOW + timedelta(hours=1)
    (reshared,) = when(serving, lambda: serving.reshare(split.id, {"a": 0.5, "b": 0.5}, NOW))
    assert isinstance(reshared, Serving.Reshared)
    assert reshared.shares == {"a": 0.5, "b": 0.5}
    assert when(serving, lambda: serving.reshare(split.id, {"a": 0.5, "b": 0.5}, NOW)) == []
    (widened,) = when(serving, lambda: serving.widen(split.id, 1, NOW))
    assert isinstance(widened, Serving.Widened)
    assert widened.ranges == ((0, SLOTS),)
    assert [(arm.name, arm.share) for arm in serving.state.splits[split.id].arms] == [("a", 0.5), ("b", 0.5)]
    (closed,) = when(serving, lambda: serving.close(split.id, NOW))
    assert isinstance(closed, Serving.Closed)
    assert serving.state == ServingState()


def test_deployments_come_before_experiments_which_so_win() -> None:
    serving = begun()
    serving.open(split_of("experiment", 1.0), 1, NOW)
    rolled_out = Split(id=SPACE, kind="deployment", arms=(Arm(name="a", share=1),), since=NOW)
    serving.open(rolled_out, 1, NOW + timedelta(hours=1))
    assert [split.kind for split in serving.state.in_order] == ["deployment", "experiment"]


def test_slots_are_taken_where_they_are_free() -> None:
    assert allotted(10, []) == ((0, 10),)
    assert allotted(10, [(0, 4), (8, 20)]) == ((4, 8), (20, 26))
    assert allotted(10, [(0, 4)], own=((4, 10),)) == ((4, 14),)
    assert allotted(SLOTS, [(0, 1)]) is None
