"""Ending what was left behind touches only what carries the server's name and user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil

from infra.embedded.process import end_leftovers


def test_only_processes_of_the_named_program_and_user_are_ended() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        found = [psutil.Process(child.pid)]
        end_leftovers(found, "postgres", os.geteuid(), signal.SIGTERM, patience=0.1)
        end_leftovers(found, "sleep", os.geteuid() + 1, signal.SIGTERM, patience=0.1)
        assert child.poll() is None
        end_leftovers(found, "sleep", os.geteuid(), signal.SIGTERM, patience=0.1)
        assert child.wait(60) == -signal.SIGTERM
    finally:
        child.kill()
        child.wait()


def test_a_process_never_ends_itself() -> None:
    program = """
import psutil, signal
from infra.embedded.process import end_leftovers
us = psutil.Process()
end_leftovers([us], us.name(), us.uids().real, signal.SIGTERM, patience=0.1)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
