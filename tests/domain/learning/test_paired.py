"""Paired comparisons bear few differing cases, none at all, and figures that are no means."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from domain.learning.paired import means, rates, statistics
from domain.learning.scoring import bleu_of, score_text


def test_equal_figures_differ_by_exactly_nothing() -> None:
    found = means([0.1, 0.7, 0.7], [0.1, 0.7, 0.7], seed=1)
    assert (found.difference, found.low, found.high, found.p, found.differing) == (0.0, 0.0, 0.0, 1.0, 0)
    assert not found.shown


def test_rates_without_any_difference_are_not_certain_to_the_last_digit() -> None:
    found = rates([True] * 40, [True] * 40)
    assert found.p == 1.0
    assert found.difference == 0.0
    assert found.low is not None
    assert found.high is not None
    assert -0.1 < found.low < 0 < found.high < 0.1


def test_three_differing_cases_of_forty_show_nothing() -> None:
    """A bootstrap alone leaves 0 out here, though the exact p is 0.25."""
    candidate = [1.0] * 3 + [0.5] * 37
    found = means(candidate, [0.5] * 40, seed=1)
    assert found.p == pytest.approx(0.25)
    assert found.low == 0.0
    assert not found.shown
    assert rates([True] * 3 + [False] * 37, [False] * 40).p == pytest.approx(0.25)


def test_mcnemar_is_the_binomial_of_the_cases_that_differ() -> None:
    # 1 lost, 9 gained: 2 (C(10,0) + C(10,1)) / 2^10
    candidate = [True] * 9 + [False] + [True] * 30
    baseline = [False] * 9 + [True] + [True] * 30
    assert rates(candidate, baseline).p == pytest.approx(2 * 11 / 1024)
    assert rates(candidate, baseline).shown


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_cases_have_no_interval(count: int) -> None:
    for found in (means([1.0] * count, [0.5] * count, seed=1), rates([True] * count, [False] * count)):
        assert (found.low, found.high, found.cases) == (None, None, count)
        assert not found.shown
        assert not math.isnan(found.difference)


def test_a_real_difference_is_shown_and_its_interval_covers_it() -> None:
    chance = random.Random(7)
    old = [chance.random() for _ in range(300)]
    new = [value + chance.gauss(0.05, 0.1) for value in old]
    found = means(new, old, seed=1)
    assert found.shown
    assert found.low is not None
    assert found.high is not None
    assert 0.03 < found.low < 0.05 < found.high < 0.08
    assert found == means(new, old, seed=1)


def test_intervals_leave_the_truth_out_one_time_in_twenty() -> None:
    chance, outside = random.Random(11), 0
    for run in range(200):
        old = [chance.random() for _ in range(40)]
        new = [value + chance.gauss(0.0, 0.2) for value in old]
        outside += means(new, old, seed=run).shown
    assert outside <= 20  # 10 are expected; more than 20 of 200 come once in a thousand times


def test_bleu_is_sacrebleus_over_all_cases_as_one() -> None:
    from sacrebleu.metrics.bleu import BLEU

    pairs = [
        ("We are open from nine to five.", "We are open from nine to five every day."),
        ("Shipping takes three days.", "Shipping takes two to three days within Germany."),
        ("Yes.", "Yes, it is."),
    ]
    rows = [score.row for answer, expected in pairs if (score := score_text(answer, expected).bleu)]
    whole = BLEU().corpus_score([answer for answer, _ in pairs], [[expected for _, expected in pairs]])
    assert float(bleu_of([np.sum(rows, axis=0)])[0]) == pytest.approx(whole.score / 100)
    same = statistics(np.array(rows, float), np.array(rows, float), bleu_of, seed=1)
    assert (same.difference, same.low, same.high) == (0.0, 0.0, 0.0)
    none = statistics(np.zeros((3, 10)), np.zeros((3, 10)), bleu_of, seed=1)
    assert (none.candidate, none.difference) == (0.0, 0.0)
