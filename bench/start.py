"""`retrace up`: how long its first start and a second one take, what it takes of the processor by then, and of memory when nobody asks anything.

Memory is the proportional share of its own processes (PSS), the supervisor, the roles and what they share; the servers' is apart.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import psutil

from bench.deployment import READY, tree_of
from bench.harness import Floor, Result, arguments, conditions, report, rounds
from bench.message import free_port
from infra.embedded.process import end

IDLE = 10.0
"""Seconds after which it is as idle as it will be."""

UP = "is up:"
"""What it says then."""


def main() -> None:
    given = arguments("What `retrace up` takes to start, and to be there.", 60, beside=True)
    with tree_of(None) as ours, tree_of(given.beside) as theirs:
        trees = {"ours": ours, **({"beside": theirs} if given.beside else {})}
        count = max(1, round(given.seconds / (30 * len(trees))))
        found = rounds([partial(started, name, tree) for name, tree in trees.items()], count)
    figures = found.medians
    floors = [
        Floor("memory of all roles, MiB", figures["ours_memory"], most=250),
        Floor("first start, s", figures["ours_first"], most=6),
        Floor("second start, s", figures["ours_second"], most=3),
    ]
    ratio = 1.0
    if given.beside:
        ratio = found.ratio("ours_memory", "beside_memory")
        floors.append(Floor("memory beside it", ratio, most=0.6))
        floors.append(Floor("second start beside it", found.ratio("ours_second", "beside_second"), most=0.5))
    result = Result(
        name="start",
        ratio=ratio,
        figures=figures,
        floors=tuple(floors),
        conditions=conditions("embedded", beside=given.beside, rounds=count),
    )
    report(result, given.json)


def started(name: str, tree: Path) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory(prefix="retrace-bench-start-") as data:
        first, cpu, _, _ = _up(tree, data)
        second, _, memory, servers = _up(tree, data)
    return {
        f"{name}_first": first,
        f"{name}_second": second,
        f"{name}_cpu": cpu,
        f"{name}_memory": memory,
        f"{name}_servers": servers,
    }


def _used(process: psutil.Process) -> float:
    """Seconds of the processor, with those of its children that have ended; none where it ends at this moment."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def _up(tree: Path, data: str) -> tuple[float, float, float, float]:
    """Seconds until it is up, of processor time by then, MiB of its own processes and of the servers when idle."""
    command = [sys.executable, "-m", "interfaces.cli", "up", "--data", data, "--port", str(free_port())]
    began = time.perf_counter()
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, cwd=tree, env=compiled, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if UP in line:
                break
            if time.perf_counter() - began > READY:
                break
        else:
            raise RuntimeError(f"it did not come up: {tree}")
        took = time.perf_counter() - began
        us = psutil.Process(process.pid)
        # With that of those who have ended, as the fork server and initdb.
        cpu = sum(map(_used, (us, *us.children(recursive=True))))
        time.sleep(IDLE)
        memory = servers = 0.0
        for each in (us, *us.children(recursive=True)):
            share = each.memory_full_info().pss / 1024**2
            if Path(each.exe()).name.startswith("python"):
                memory += share
            else:
                servers += share
        return took, cpu, memory, servers
    finally:
        end(process, signal.SIGTERM, patience=40)
        process.communicate()


if __name__ == "__main__":
    main()
