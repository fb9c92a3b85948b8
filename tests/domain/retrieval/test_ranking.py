"""What several sources brought, in one order."""

from __future__ import annotations

from uuid import uuid4

from domain.models.completion import Passage, Source
from domain.retrieval.fusion import Ranked
from domain.retrieval.results.ranking import rank


def one(text: str, weight: float, source: Source = "document") -> Ranked:
    passage = Passage(id=text, document=uuid4(), title="t", ordinal=0, score=weight, text=text, source=source)
    return Ranked(passage, weight, weight)


def order(*brought: list[Ranked], limit: int = 9) -> list[str]:
    return [each.passage.text for each in rank(brought, limit)]


def test_of_what_fits_as_well_the_more_reliable_source_comes_first() -> None:
    every = [one("file", 0.6), one("entry", 0.6, "knowledge"), one("offer", 0.6, "shop")]
    assert order(every) == ["offer", "entry", "file"]
    assert order([every[0]], [every[1]], [every[2]]) == ["offer", "entry", "file"]


def test_what_fits_better_comes_first_whatever_it_is_from() -> None:
    assert order([one("offer", 0.6, "shop"), one("file", 0.65)]) == ["file", "offer"]


def test_of_the_same_text_the_better_one_is_left_and_of_equals_the_order_stays() -> None:
    assert order([one("same", 0.5), one("b", 0.4)], [one("same", 0.7), one("c", 0.4)], limit=3) == [
        "same",
        "b",
        "c",
    ]
    assert order([one("a", 0.5), one("b", 0.5)], limit=1) == ["a"]
