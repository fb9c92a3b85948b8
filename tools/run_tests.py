"""Runs pytest; a test that failed beside the others is tried again alone.

    .venv/bin/python tools/run_tests.py [--doubts N] [pytest's arguments]

A machine of several processes stands still for seconds at times, and a test that lives on loopback may fall over then. So up to `--doubts` tests (0 if
left out) that failed are run three times more, by one process and with nothing beside it. Who holds each time is told at the end, to be mended, and the
run counts as passed; who fails once more, or fails among more than that, counts as failed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROUNDS = 3
FAILED = 1
"""pytest's exit code if all were run and some failed; others say that it did not come to that."""


class Failed:
    """Keeps the node ids of what failed, in setting up, running or cleaning up."""

    def __init__(self) -> None:
        self.ids: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.ids[report.nodeid] = None


class Only:
    """Of all that the arguments select runs these."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = set(ids)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        others = [item for item in items if item.nodeid not in self.ids]
        items[:] = [item for item in items if item.nodeid in self.ids]
        config.hook.pytest_deselected(items=others)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--doubts", type=int, default=0)
    parser.add_argument("--only", type=Path)
    own, rest = parser.parse_known_args(arguments)
    if own.only:
        return int(pytest.main(rest, plugins=[Only(json.loads(own.only.read_text()))]))
    failed = Failed()
    code = int(pytest.main(rest, plugins=[failed]))
    ids = list(failed.ids)
    if code != FAILED or not 0 < len(ids) <= own.doubts:
        return code
    print(f"\n{len(ids)} failed beside others: {ROUNDS} times more, alone", flush=True)
    if any(_again(ids, rest) for _ in range(ROUNDS)):
        return code
    print(
        f"\nheld {ROUNDS} times alone, so the run counts as passed; to be mended, for it fell beside others:"
    )
    print(*ids, sep="\n")
    return 0


def _again(ids: list[str], arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="retrace-tests-") as folder:
        only = Path(folder) / "ids.json"
        only.write_text(json.dumps(ids))
        alone = ("-n", "0") if "-n" in arguments else ()
        return subprocess.run([sys.executable, __file__, "--only", only, *arguments, *alone]).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
