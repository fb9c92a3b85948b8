"""A child that is a copy of its parent: with its own input, output, environment and end, and nothing of what the parent was about to do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from interfaces.processes.children import FORKS
from tests.until import until_now

pytestmark = pytest.mark.skipif(not FORKS, reason="copies are made on Linux only")

SCRIPT = """
import json, os, signal, sys, time
from pathlib import Path
from interfaces.processes.copying import alone, copy

log, held = Path(sys.argv[1]), open(sys.argv[1] + ".held", "w")
ended, null = {}, os.open(os.devnull, os.O_RDONLY)

def told():
    print("told", sorted(os.environ), sorted(map(int, os.listdir("/proc/self/fd")))[:4], os.getpgid(0) == os.getpid(), sys.stdin.read() == "")

def failed():
    raise ValueError("it failed")

def stays():
    signal.pause()

try:
    for name, run in {"told": told, "left": sys.exit, "status": lambda: sys.exit(7), "words": lambda: sys.exit("why"), "failed": failed}.items():
        child = copy(run, log=log, environment={"ONLY": "this"}, stdin=null)
        ended[name] = child.wait(60)
        assert child.poll() == ended[name]
        child.terminate()
    child = copy(stays, log=log, environment={}, stdin=null)
    assert child.poll() is None
    child.terminate()
    ended["told to end"] = child.wait(60)
    child = copy(stays, log=log, environment={}, stdin=null)
    print(json.dumps([ended, alone(), child.pid]), flush=True)
    signal.pause()
finally:
    print("of the parent alone", flush=True)
"""


def test_a_copy_ends_as_a_program_does_and_with_its_parent(tmp_path: Path) -> None:
    log = tmp_path / "log"
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT, log], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    ended, alone, left = json.loads(parent.stdout.readline())
    assert ended == {
        "told": 0,
        "left": 0,
        "status": 7,
        "words": 1,
        "failed": 1,
        "told to end": -signal.SIGTERM,
    }
    assert alone
    parent.kill()
    assert parent.stdout.read() == "", "no copy has done what was the parent's to do"
    parent.wait()
    until_now(lambda: not psutil.pid_exists(left))
    told, why, *trace = log.read_text().splitlines()
    assert told == "told ['ONLY'] [0, 1, 2, 3] True True"  # 3 is what lists them
    assert why == "why"
    assert (trace[0], trace[-1]) == ("Traceback (most recent call last):", "ValueError: it failed")
