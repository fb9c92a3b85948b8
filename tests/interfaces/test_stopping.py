"""A role that is told to stop ends, also where what it waits for never comes and nobody is left who would kill it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

HANGS = """
import asyncio, sys
from interfaces import stopping
stopping.LAST = 0.2

async def worker():
    asyncio.get_running_loop().call_soon(lambda: print("up", flush=True))  # once it listens to signals
    told = asyncio.Event()
    stopping.told_by_signals(told)
    await stopping.until(told)
    await asyncio.Event().wait()

async def serve():
    from interfaces.serve import Server
    server = Server.__new__(Server)
    server._stopping, server._captured_signals, server.should_exit = asyncio.Event(), [], False
    with server.capture_signals():
        print("up", flush=True)
        await asyncio.Event().wait()

asyncio.run(globals()[sys.argv[1]]())
"""


@pytest.mark.parametrize("role", ["worker", "serve"])
def test_a_role_that_hangs_when_it_is_told_to_stop_ends_with_where_it_hung(role: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS, role],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert "Timeout" in said
    assert "run_until_complete" in said
