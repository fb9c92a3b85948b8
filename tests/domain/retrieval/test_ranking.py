"""What several sources brought, in one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from msgspec.structs import replace

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


def test_of_what_fits_as_well_the_newer_comes_first_and_never_over_what_fits_better() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)

    def came(text: str, weight: float, days: float | None, source: Source = "document") -> Ranked:
        at = None if days is None else now - timedelta(days=days)
        found = one(text, weight, source)
        return replace(found, passage=replace(found.passage, came_at=at))

    every = [
        came("unknown", 0.6, None),
        came("old", 0.6, 900),
        came("new", 0.6, 1),
        came("tomorrow", 0.6, -1),
    ]
    best = [each.passage.text for each in rank([every], 9, (), now)]
    assert best == ["tomorrow", "new", "old", "unknown"]
    better = [came("better", 0.61, 4000), came("entry", 0.6, 4000, "knowledge"), came("new", 0.6, 0)]
    assert [each.passage.text for each in rank([better], 9, (), now)] == ["better", "entry", "new"]
