from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.answers.context_window import OVERHEAD, fit
from domain.models.completion import Passage, Turn

TURNS = st.lists(st.text("ab ", max_size=60), max_size=30)
SUMMARIES = st.none() | st.text("cd", max_size=60)


def turns(texts: list[str]) -> list[Turn]:
    return [Turn(role="user" if at % 2 else "assistant", text=text) for at, text in enumerate(texts)]


def passages(texts: list[str]) -> list[Passage]:
    return [
        Passage(id=f"p{at}", document=UUID(int=at), title="t", ordinal=0, score=0.5, text=text)
        for at, text in enumerate(texts)
    ]


@given(TURNS, TURNS, SUMMARIES, st.integers(-50, 2_000))
def test_what_is_kept_is_within_the_budget_and_what_is_not_is_told(
    said: list[str], found: list[str], summary: str | None, budget: int
) -> None:
    window = fit(turns(said), passages(found), summary, budget=budget, count=len)
    kept = sum(OVERHEAD + len(turn.text) for turn in window.history)
    kept += sum(3 * OVERHEAD + len(each.text) for each in window.passages)
    kept += OVERHEAD + len(window.summary) if window.summary is not None else 0
    assert kept <= max(budget, 0)
    assert list(window.history) == turns(said)[len(said) - len(window.history) :]
    assert list(window.passages) == passages(found)[: len(window.passages)]
    left = {cut.kind: cut.count for cut in window.cut}
    assert left.get("history", 0) == len(said) - len(window.history)
    assert left.get("passage", 0) == len(found) - len(window.passages)
    assert left.get("summary", 0) == (summary is not None and window.summary is None)


@given(TURNS, TURNS, SUMMARIES)
def test_with_room_enough_nothing_is_left_out(said: list[str], found: list[str], summary: str | None) -> None:
    window = fit(turns(said), passages(found), summary, budget=100_000, count=len)
    assert (list(window.history), list(window.passages), window.summary) == (
        turns(said),
        passages(found),
        summary,
    )
    assert window.cut == ()


def test_the_latest_turns_come_first_then_the_best_passages_then_the_summary() -> None:
    said, found = turns(["a" * 10] * 10), passages(["b" * 10] * 8)
    window = fit(said, found, "c" * 10, budget=4 * 18 + 3 * 34 + 18, count=len)
    assert (len(window.history), len(window.passages), window.summary) == (4, 3, "c" * 10)
    window = fit(said, found, "c" * 10, budget=4 * 18 + 2 * 34, count=len)
    assert (len(window.history), len(window.passages), window.summary) == (4, 2, None)
    assert [cut.kind for cut in window.cut] == ["history", "passage", "summary"]
    assert window.cut[1].names == ("p2", "p3", "p4", "p5", "p6", "p7")
