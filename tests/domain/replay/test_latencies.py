from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.replay.latencies import Latencies

TIMES = st.lists(st.floats(0, 60_000), min_size=2, max_size=20)


def test_where_nothing_changes_nothing_differs() -> None:
    latencies = Latencies()
    for ms in (100.0, 900.0, 40.5):
        latencies.call("a/m", ms)
        latencies.stays(ms)
    found = latencies.report()
    assert (found.decisions, found.untold) == (3, 0)
    assert found.recorded == found.replayed == pytest.approx(1040.5 / 3)
    assert found.difference is not None
    assert (found.difference.estimate, found.difference.low, found.difference.high) == (0, 0, 0)


@given(stay=TIMES, go=TIMES, calls=TIMES)
def test_another_model_takes_its_own_mean(stay: list[float], go: list[float], calls: list[float]) -> None:
    latencies = Latencies()
    for ms in stay:
        latencies.stays(ms)
    for ms in go:
        latencies.goes("a/new", ms)
        latencies.goes("a/unknown", ms)
    for ms in calls:
        latencies.call("a/new", ms)
    found, mean = latencies.report(), float(np.mean(calls))
    differences = np.array([0.0] * len(stay) + [mean - ms for ms in go])
    assert (found.decisions, found.untold) == (len(stay) + len(go), len(go))
    assert found.difference is not None
    assert found.recorded is not None
    assert found.replayed is not None
    assert found.difference.low is not None
    assert found.difference.high is not None
    assert found.recorded == pytest.approx(np.mean([*stay, *go]), abs=1e-6)
    assert found.difference.estimate == pytest.approx(differences.mean(), abs=1e-6)
    assert found.replayed - found.recorded == pytest.approx(found.difference.estimate, abs=1e-6)
    known = (len(go) / found.decisions) ** 2 * np.var(calls, ddof=1) / len(calls)
    error = sqrt(np.var(differences, ddof=1) / found.decisions + known)
    reach = found.difference.high - found.difference.estimate
    assert reach == pytest.approx(1.959964 * error, rel=1e-3, abs=1e-2)
    assert found.difference.estimate - found.difference.low == pytest.approx(reach, abs=1e-6)


def test_a_mean_of_one_call_has_no_ends() -> None:
    latencies = Latencies()
    latencies.goes("a/new", 100)
    latencies.goes("a/new", 300)
    latencies.call("a/new", 50)
    found = latencies.report()
    assert found.difference is not None
    assert (found.difference.estimate, found.difference.low, found.difference.high) == (-150, None, None)


def test_of_no_decision_there_is_nothing_to_tell() -> None:
    latencies = Latencies()
    latencies.goes("a/new", 100)
    found = latencies.report()
    assert (found.decisions, found.untold, found.recorded, found.difference) == (0, 1, None, None)
