from __future__ import annotations

import gc
import subprocess
import sys

from interfaces.machine import BEHIND, YOUNG, settle

TWICE = (
    "import os; from interfaces.machine import step_behind; step_behind(); step_behind(); print(os.nice(0))"
)


def test_a_role_steps_behind_once_and_never_ahead_of_where_it_was_put() -> None:
    for given in (0, BEHIND + 4):
        command = ["nice", "-n", str(given), sys.executable, "-c", TWICE]
        before = int(subprocess.run(["nice"], check=True, capture_output=True).stdout)
        told = subprocess.run(command, check=True, capture_output=True).stdout
        assert int(told) == min(19, max(BEHIND, before + given))


def test_what_is_there_once_a_role_has_settled_is_looked_at_no_more() -> None:
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        there = [[] for _ in range(10)]
        settle()
        assert gc.get_freeze_count() > frozen
        assert not any(each is there for each in gc.get_objects())
        assert gc.get_threshold()[0] == YOUNG
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
