"""What answers count as now less what they counted as before, by time slot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from domain.base.sketch import bucket_of
from domain.insight.answer import Answer
from projections.slotted import in_slots

Place = tuple[str, str]
Sums = dict[tuple[Any, ...], list[Any]]


class Counted(NamedTuple):
    """`bucket`: of the sketch of response times."""

    at: datetime
    places: tuple[Place, ...]
    counts: tuple[int | Decimal, ...]
    bucket: int | None


class Deltas(NamedTuple):
    """By (grain, at, dimension, value), and `responses` with the bucket; `left`: keys of figures that something was taken from."""

    figures: Sums
    responses: Sums
    left: list[tuple[Any, ...]]


def counted(answer: Answer) -> Counted | None:
    """None: it is only rated, and there is no answer yet."""
    if answer.at is None:
        return None
    bucket = None if answer.response_ms is None else bucket_of(answer.response_ms)
    return Counted(answer.at, answer.places, answer.counts(), bucket)


def deltas(before: Mapping[UUID, Counted | None], after: Mapping[UUID, Answer]) -> Deltas:
    """In an exact context of decimals."""
    changes = [
        (sign, one)
        for id, answer in after.items()
        for old, new in [(before.get(id), counted(answer))]
        if old != new
        for sign, one in ((-1, old), (1, new))
        if one is not None
    ]

    def facts() -> Iterator[tuple[datetime, Place, list[Any]]]:
        for sign, one in changes:
            figures = [sign * each for each in one.counts]
            for place in one.places:
                yield one.at, place, figures

    def took() -> Iterator[tuple[datetime, tuple[str, str, int], list[int]]]:
        for sign, one in changes:
            if one.bucket is not None:
                for place in one.places:
                    yield one.at, (*place, one.bucket), [sign]

    figures, responses = in_slots(facts()), in_slots(took())
    return Deltas(figures, responses, [key for key, sums in figures.items() if sum(sums[:4]) < 0])
