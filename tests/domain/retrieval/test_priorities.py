from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.models.completion import Passage
from domain.retrieval.fusion import EMPHASIS, Fusion, fuse


def passage(number: int, score: float, **more: Any) -> Passage:
    text = f"Text {number}."
    return Passage(
        id=str(number), document=UUID(int=number), title="T", ordinal=0, score=score, text=text, **more
    )


def order(*near: Passage, method: Any = "weighted") -> list[str]:
    return [each.passage.id for each in fuse(near, (), 9, fusion=Fusion(method=method))]


def test_of_passages_that_fit_about_as_well_the_one_of_higher_priority_comes_first() -> None:
    usual = passage(1, 0.8)
    assert order(usual, passage(2, 0.78, priority=10)) == ["2", "1"]
    assert order(usual, passage(2, 0.78, priority=6)) == ["1", "2"]
    assert order(usual, passage(2, 0.8 - EMPHASIS - 0.01, priority=10)) == ["1", "2"]
    assert order(passage(1, 0.8, priority=0), passage(2, 0.78)) == ["2", "1"]


def test_priority_changes_the_order_and_never_what_a_passage_is_worth() -> None:
    found = fuse([passage(1, 0.9), passage(2, 0.89, priority=10), passage(3, 0.2, priority=10)], (), 9)
    assert [each.passage.id for each in found] == ["2", "1", "3"]
    plain = fuse([passage(1, 0.9), passage(2, 0.89), passage(3, 0.2)], (), 9)
    worth = {each.passage.id: each.relevance for each in plain}
    assert {each.passage.id: each.relevance for each in found} == worth


def test_ranks_are_those_with_the_priorities() -> None:
    near = passage(1, 0.9), passage(2, 0.89, priority=10), passage(3, 0.2, priority=10)
    assert order(*near, method="reciprocal_rank") == ["2", "1", "3"]
