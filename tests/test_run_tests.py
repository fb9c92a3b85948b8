"""A test that fell beside others is judged alone (tools/run_tests.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[1] / "tools" / "run_tests.py"
ALONE = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
FALLS = """
from pathlib import Path

import pytest

@pytest.mark.parametrize("name", {names})
def test_it(name):
    rounds = Path(__file__).with_name(f"rounds-{{name}}")
    before = rounds.read_text() if rounds.exists() else ""
    rounds.write_text(before + ".")
    assert str(len(before) + 1) not in name
"""


@pytest.mark.parametrize(
    ("names", "code", "rounds"),
    [
        ("held", 0, {"held": 1}),
        ("held falls1", 0, {"held": 1, "falls1": 4}),
        ("falls1 falls13", 1, {"falls1": 3, "falls13": 3}),
        ("falls1a falls1b falls1c", 1, {"falls1a": 1, "falls1b": 1, "falls1c": 1}),
    ],
)
def test_who_fell_once_holds_three_times_alone(
    tmp_path: Path, names: str, code: int, rounds: dict[str, int]
) -> None:
    (tmp_path / "test_falls.py").write_text(FALLS.format(names=names.split()))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    ran = subprocess.run(
        [sys.executable, TOOL, "--doubts", "2", "-p", "no:cacheprovider", "--basetemp", tmp_path / "base"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=ALONE,
    )
    assert ran.returncode == code
    assert {
        each.name.removeprefix("rounds-"): len(each.read_text()) for each in tmp_path.glob("rounds-*")
    } == rounds
    assert ("to be mended" in ran.stdout) == (code == 0 and len(names.split()) > 1)
    assert ("test_falls.py::test_it[falls1]" in ran.stdout.partition("to be mended")[2]) == (
        names == "held falls1"
    )


def test_what_is_no_failed_test_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "test_broken.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    ran = subprocess.run(
        [sys.executable, TOOL, "--doubts", "2"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ran.returncode, "alone" in ran.stdout) == (2, False)
