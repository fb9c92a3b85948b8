"""How often rollouts of a version that changes nothing are taken back, and how soon harm is found: simulated, by seed.

Customers come as events, folded by what the read model `outcomes` folds with, and judged by the rule of rollouts after every customer that is closed. A failing run is
repeated by itself with what it says: pytest tests/soak/test_experiments.py -m soak --share 0 --seed N
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import log, sqrt

import pytest

from domain.base.betting import ALPHA
from domain.flags.plan import Limit, Limits
from domain.flags.rollout import judge
from tests.soak.experiments import BEGAN, Played, World, play
from tests.soak.rules import fixed, rule_1

SPLITS: dict[str, World] = {
    "10:90": World(steps=(10,), free=0.3),
    "50:50": World(),
    "90:10": World(steps=(90,), alike=0.9),
    "ramp": World(steps=(10, 50, 90), drift=0.6, slower=45),
}
EACH = Limits(
    failure_rate=Limit(worse=0),
    helpful_rate=Limit(worse=0),
    handoff_rate=Limit(worse=0),
    latency_ms=None,
    cost=Limit(worse=0),
    cost_per_helpful=Limit(worse=0),
)
"""Each test is looked at for itself, as if it were alone."""

OVER: dict[str, tuple[int, int | None]] = {
    "failure_rate": (2, None),
    "helpful_rate": (4, None),
    "cost": (5, None),
    "cost_per_helpful": (5, 4),
}
"""Columns of what `fixed` and `rule_1` compare."""


def alarms(played: Played) -> set[str]:
    """The metrics that raise one, however seldom somebody looks: the evidence is the highest after any customer."""
    evidence = judge(EACH, played.outcomes, position=1, until=BEGAN).evidence
    return {test.partition(".")[0] for test, found in evidence.items() if found >= log(1 / ALPHA)}


def few(count: int, runs: int) -> bool:
    """No more than 5 % of runs, as far as so many runs can tell (three standard deviations)."""
    return count <= ALPHA * runs + (0 if runs >= 1000 else 3 * sqrt(ALPHA * (1 - ALPHA) * runs))


@pytest.mark.parametrize("failure", [0.01, 0.2])
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("runs", [12, pytest.param(2000, marks=pytest.mark.soak)])
def test_what_changes_nothing_is_rarely_taken_back(
    runs: int, split: str, failure: float, share: float, seed: int
) -> None:
    whole = runs * share >= 2000  # a share has half the customers as well, in a third of its runs
    customers, runs = 300 if whole else 150, max(1, round(runs * share * (1 if whole else 0.3)))
    world = replace(SPLITS[split], customers=customers, failure=failure, rated=failure < 0.1)
    found, naive, before = Counter[str](), Counter[str](), Counter[str]()
    for number in range(runs):
        played = play(world, seed + number)
        found.update(alarms(played))
        for metric, (over, per) in OVER.items():
            if metric == "failure_rate" or world.rated:
                rise_harms = metric != "helpful_rate"
                naive[metric] += fixed(played, over, per, rise_harms)
                before[metric] += rule_1(played, over, per, rise_harms)
    for metric in sorted(naive):
        rates = " ".join(f"{100 * each[metric] / runs:5.1f}" for each in (found, naive, before))
        print(f"{split} {failure:4} {metric:17} bets, one look's test, rule 1, in %: {rates}")
    assert all(few(found[metric], runs) for metric in found), (found, seed)
    if runs >= 50:
        assert sum(naive.values()) > runs / 10


@pytest.mark.parametrize(
    ("times", "customers", "runs"),
    [
        (0.25, 60, 10),
        pytest.param(0.25, 60, 1000, marks=pytest.mark.soak),
        pytest.param(0.8, 160, 1000, marks=pytest.mark.soak),
        pytest.param(0.95, 2300, 200, marks=pytest.mark.soak),
    ],
)
def test_a_fall_of_helpfulness_is_found_in_time(
    times: float, customers: int, runs: int, share: float, seed: int
) -> None:
    runs = max(1, round(runs * share))
    world = World(customers=customers, changed={"helpful": times})
    found = sum("helpful_rate" in alarms(play(world, seed + number)) for number in range(runs))
    print(f"helpful 0.8 → {0.8 * times:.2f} at 50:50 within {customers} customers: {found / runs:.1%}")
    assert found >= 0.8 * runs - (0 if runs >= 1000 else 3 * sqrt(0.16 * runs))
