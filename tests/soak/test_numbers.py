"""Sixty sheets of shops, written by three programs: how many of their numbers come out, in their rows."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
LEAST, LEAST_OF_SCANS = 0.99, 0.95


def test_numbers_come_out_in_their_rows(seed: int, share: float, capsys: pytest.CaptureFixture[str]) -> None:
    measured = subprocess.run(
        [sys.executable, "-m", "tests.infra.retrieval.numbers.measure", str(seed), str(share)],
        check=True,
        capture_output=True,
        text=True,
    )
    files = [json.loads(line) for line in measured.stdout.splitlines()]
    for kind, least in (("text", LEAST), ("scan", LEAST_OF_SCANS)):
        some = [each for each in files if each["kind"] == kind]
        right, total, told = (sum(each[name] for each in some) for name in ("right", "total", "told"))
        with capsys.disabled():
            print(
                f"\nnumbers, seed {seed}: {kind}: {right} of {total} right in {len(some)} files "
                f"({right / total:.4f}), told as unread {told}"
            )
        assert right >= least * total, [each for each in some if each["wrong"]]
