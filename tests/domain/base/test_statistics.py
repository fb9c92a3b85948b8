from __future__ import annotations

import random
from math import sqrt

import pytest

from domain.base.statistics import multiplier

LOOKS = [25 * n for n in range(4, 100)]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(500, 3.8551), (1000, 3.3639), (2000, 3.1238), (5000, 3.0352), (10_000, 3.0615), (50_000, 3.2417)],
)
def test_the_multiplier_is_the_published_one(count: int, expected: float) -> None:
    assert multiplier(count) == pytest.approx(expected, abs=5e-5)


def test_without_units_nothing_is_known() -> None:
    assert multiplier(0) == float("inf")


def test_who_looks_all_the_time_is_rarely_wrong() -> None:
    draw, wrong, naive = random.Random(7), 0, 0
    for _ in range(300):
        values = [draw.random() < 0.2 for _ in range(LOOKS[-1])]
        total, seen, always, fixed = 0, 0, False, False
        for look in LOOKS:
            total += sum(values[seen:look])
            seen = look
            off = abs(total / look - 0.2) / sqrt(0.16 / look)
            always, fixed = always or off > multiplier(look), fixed or off > 1.96
        wrong, naive = wrong + always, naive + fixed
    assert wrong / 300 < 0.05
    assert naive / 300 > 0.2
