from __future__ import annotations

import random
from collections.abc import Callable
from math import cos, exp, log, log1p, sin, sqrt
from typing import Literal

import numpy as np
import pytest

from domain.base.betting import STAKES, Kind, Units, above, evidence, interval, sample_ratio

NEEDED = log(20)
Row = tuple[float, bool, float, float, float]


class Streaming:
    """The formula, one unit at a time: what `evidence` does at once is compared with it."""

    def __init__(self, kind: Kind, harm: Literal[1, -1], factor: float = 1.0, plus: float = 0.0) -> None:
        self.kind, self.harm, self.factor, self.plus = kind, harm, factor, plus
        self.alike = 0.5 if kind == "log" else 0.3
        self.units, self.y, self.d, self.squares = 0, 0.0, 0.0, 0.0
        self.logs = [0.0] * len(STAKES)

    def add(self, p: float, new: bool, y: float, d: float, n: float) -> float:
        f, a = (self.factor, self.plus) if new else (1.0, 0.0)
        w = 1 / (1 + self.alike * (n - 1))
        if self.kind == "rate":
            y = y / f - a * d
            r = (self.y + 0.5) / (self.d + 1)
            s = w * (y - r * d)
            sigma = sqrt((self.squares + max(r * (1 - r), 1e-4)) / (self.units + 1))
            high, low = w * (max(1 / self.factor, 1) - r) * n / sigma, w * (r + self.plus) * n / sigma
            up, down = (high, low) if self.harm > 0 else (low, high)
        else:
            y = y - n * log(f)
            r = self.y / self.d if self.d else 0.0
            s = w * (y - r * d) if self.units else 0.0
            sigma = sqrt(self.squares / max(self.units - 1, 1))
            up = down = 4.0
        if self.units >= 20 and sigma > 0:
            u = self.harm * s / sigma
            u = u if self.kind == "rate" else max(-4.0, min(4.0, u))
            most = 0.9 / max((1 - p) * down, p * up)
            for i, stake in enumerate(STAKES):
                self.logs[i] += log1p(min(stake, most) * u * (new - p))
        self.units, self.y, self.d, self.squares = (
            self.units + 1,
            self.y + w * y,
            self.d + w * d,
            self.squares + s * s,
        )
        highest = max(self.logs)
        return highest + log(sum(exp(each - highest) for each in self.logs) / len(STAKES))


def rows(p: float, y: Callable[[int, int, bool], float]) -> list[Row]:
    made = []
    for i in range(200):
        n, new = 7 * i % 12 + 1, (i * i + 3 * i) % 7 < 3
        made.append((p, new, y(i, n, new), n, n))
    return made


FALLS = rows(0.5, lambda i, n, new: n - (n * (3 if new else 1) + i % 5) // 8)
ALIKE = rows(0.5, lambda i, n, new: 1 if n == 1 else n - (n + i % 5) // 5)
RARE = rows(0.1, lambda i, n, new: min(n, 2 * new + (i % 31 == 0)))
DEAR = rows(0.5, lambda i, n, new: n * (sin(i) + new * log(1.5)))


@pytest.mark.parametrize(
    ("given", "kind", "harm", "factor", "expected", "alarm"),
    [
        (FALLS, "rate", -1, 1.0, (0.044818, 4.156956, 9.536603, 16.819219), 50),
        (ALIKE, "rate", -1, 1.0, (0.084627, 0.384443, -0.283398, -1.068118), None),
        (RARE, "rate", 1, 1.0, (0.016679, 2.806300, 13.734812, 27.166568), 61),
        (DEAR, "log", 1, 1.0, (-0.157423, 0.629367, 2.988662, 4.549836), 119),
        (DEAR, "log", 1, 1.5, (-0.174046, -0.456068, -0.219710, -0.730200), None),
    ],
)
def test_the_reference_s_vectors(
    given: list[Row],
    kind: Kind,
    harm: Literal[1, -1],
    factor: float,
    expected: tuple[float, ...],
    alarm: int | None,
) -> None:
    found = evidence(Units.of(given), kind, rise_harms=harm > 0, factor=factor)
    assert [found[count - 1] for count in (21, 60, 120, 200)] == pytest.approx(expected, abs=5e-7)
    passed = np.flatnonzero(found >= NEEDED)
    assert (None if not len(passed) else passed[0] + 1) == alarm
    watch = Streaming(kind, harm, factor)
    assert found == pytest.approx([watch.add(*row) for row in given], abs=1e-12)


@pytest.mark.parametrize("kind", ["rate", "log"])
def test_all_at_once_equals_one_by_one_with_margins_and_changing_shares(kind: Kind) -> None:
    draw = random.Random(5)
    given: list[Row] = []
    for i in range(400):
        p = 0.1 if i < 150 else 0.5 if i < 300 else 0.9
        n = draw.randint(1, 9)
        y = sum(draw.random() < 0.3 for _ in range(n)) if kind == "rate" else draw.gauss(n, 2)
        given.append((p, draw.random() < p, y, n, n))
    for harm, factor, plus in ((1, 1.0, 0.02), (-1, 0.95, 0.0), (1, 1.5, 0.0)):
        watch = Streaming(kind, harm, factor, plus if kind == "rate" else 0.0)
        found = evidence(
            Units.of(given), kind, rise_harms=harm > 0, factor=factor, plus=plus if kind == "rate" else 0.0
        )
        assert found == pytest.approx([watch.add(*row) for row in given], abs=1e-9)


@pytest.mark.parametrize("kind", ["log", "ratio"])
def test_equal_costs_do_not_differ_in_their_last_bit(kind: Kind) -> None:
    draw = random.Random(6)
    given = []
    for _ in range(500):
        n = draw.randint(1, 12)
        given.append((0.3, draw.random() < 0.3, n * (log(0.0017) if kind == "log" else 0.0017), n, n))
    assert not evidence(Units.of(given), kind).any()


def test_what_comes_later_changes_nothing_of_what_was_found() -> None:
    whole = evidence(Units.of(DEAR), "ratio", rise_harms=False)
    for count in (0, 1, 49, 50, 51, 130):
        assert evidence(Units.of(DEAR[:count]), "ratio", rise_harms=False) == pytest.approx(whole[:count])


def test_who_gave_no_outcome_is_left_out() -> None:
    silent = [(0.5, True, 0.0, 0.0, 0.0)] * 3
    assert evidence(Units.of([*silent, *FALLS]), "rate") == pytest.approx(evidence(Units.of(FALLS), "rate"))
    assert len(evidence(Units.of(silent), "rate")) == 0


def test_where_everybody_has_the_new_one_nothing_is_learned() -> None:
    everybody = [(1.0, True, y, d, n) for _, _, y, d, n in FALLS]
    assert not evidence(Units.of(everybody), "rate", rise_harms=False).any()


def test_intervals_hold_what_is_true_and_grow_narrow() -> None:
    draw, missed, widths = random.Random(7), 0, []
    for _ in range(40):
        given = []
        for _ in range(600):
            new = draw.random() < 0.5
            level = min(1.0, draw.betavariate(4, 4) * (0.7 if new else 1.0))
            n = draw.randint(1, 6)
            given.append((0.5, new, sum(draw.random() < level for _ in range(n)), n, n))
        found = interval(Units.of(given), "rate")
        assert found.low is not None
        assert found.high is not None
        missed += not found.low <= 0.7 <= found.high
        widths.append(found.high - found.low)
        apart = interval(Units.of(given), "rate", difference=True)
        assert apart.low is not None
        assert apart.high is not None
        missed += not apart.low <= -0.15 <= apart.high
    assert missed <= 4
    assert max(widths) < 0.6
    assert interval(Units.of([]), "rate").low is None


def test_an_interval_of_costs_is_of_the_typical_one() -> None:
    given = [
        (0.5, new, n * (log(0.001) + cos(i) / 2 + new * log(2)), d, n)
        for i, (_, new, _, d, n) in enumerate(DEAR * 3)
    ]
    found = interval(Units.of(given), "log")
    assert found.low is not None
    assert found.high is not None
    assert 1.4 < found.low < 2 < found.high < 2.8


def test_a_bound_of_its_own_needs_nobody_beside_it() -> None:
    draw = random.Random(8)
    wrong = sum(above([draw.expovariate(1) for _ in range(400)], 1.0).max() >= NEEDED for _ in range(200))
    assert wrong / 200 <= 0.05
    assert above([draw.expovariate(1 / 2) for _ in range(400)], 1.0).max() >= NEEDED
    assert above([0.0] * 50, 0.0).max() < 0
    assert above([0.0] * 50 + [1.0], 0.0).max() >= NEEDED
    assert len(above([], 1.0)) == 0


@pytest.mark.parametrize(
    ("counts", "expected", "p"),
    [
        ((500, 500), (500, 500), 1.0),
        ((550, 450), (500, 500), 0.0015654),
        ((30, 50, 40), (40, 40, 40), 0.0820850),
        ((120, 80, 110, 90), (100, 100, 100, 100), 0.0185661),
        ((90, 110, 100, 95, 130), (105, 105, 105, 105, 105), 0.0492603),
        ((5, 10), (0, 15), 0.0),
        ((0, 10), (0, 10), 1.0),
    ],
)
def test_assignments_that_are_not_as_they_were_meant(
    counts: tuple[int, ...], expected: tuple[float, ...], p: float
) -> None:
    assert sample_ratio(counts, expected) == pytest.approx(p, abs=5e-6)
