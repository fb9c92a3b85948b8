"""A whole deployment of this tree, or of another commit: its three roles as processes, spoken to over HTTP only."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from bench.parts import MASTER
from bench.server import Server
from infra.embedded.process import end_all

ROOT = Path(__file__).parents[1]
OPERATOR = "operator-of-the-bench-0123456789abcdef"
ROLES = ("serve", "worker", "projector")
READY = 90.0
"""Seconds."""


@contextmanager
def tree_of(commit: str | None) -> Iterator[Path]:
    """The folder of a commit, in a worktree of its own; a folder as it is; None: this one."""
    if commit is None or Path(commit).is_dir():
        yield ROOT if commit is None else Path(commit).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="retrace-bench-tree-") as folder:
        place = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(place), commit], check=True)
        try:
            yield place
        finally:
            subprocess.run([*git, "remove", "--force", str(place)], check=True)


class Deployment:
    """`url` of its HTTP role."""

    def __init__(self, url: str, roles: Mapping[str, subprocess.Popen[bytes]]) -> None:
        self.url = url
        self._roles = roles

    def memory(self, role: str) -> float:
        """MB that a role holds, with its children."""
        total = 0
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._roles[role].pid)
            for each in (process, *process.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    total += each.memory_full_info().uss
        return total / 1024**2

    def seconds(self, role: str) -> float:
        """Of processor time that a role has taken, with its children."""
        process = psutil.Process(self._roles[role].pid)
        times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        return float(sum(each.user + each.system for each in times))

    def pid(self, role: str) -> int:
        return self._roles[role].pid

    def end(self, *roles: str) -> None:
        """They end here, so that they take no time from the others."""
        for role in roles:
            self._roles[role].kill()
            self._roles[role].wait()

    def tenant(self, name: str) -> dict[str, str]:
        """A new tenant's headers."""
        headers = {"Authorization": f"Bearer {OPERATOR}"}
        made = httpx.post(f"{self.url}/v1/tenants", json={"name": name}, headers=headers, timeout=30)
        made.raise_for_status()
        return {"X-Tenant-API-Key": made.json()["key"]}


@contextmanager
def deployed(
    server: Server, tree: Path, port: int, more: Mapping[str, str] | None = None
) -> Iterator[Deployment]:
    """The roles of a tree on a database of their own, which they migrate themselves; `more`: further variables of theirs."""
    with server.fresh("template1") as database, tempfile.TemporaryDirectory() as data:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PYTHONPATH": str(tree),
            "DATABASE_URL": database,
            "RETRACE_MASTER_KEY": base64.b64encode(MASTER).decode(),
            "RETRACE_OPERATOR_KEY": OPERATOR,
            "RETRACE_DATA": data,
            "RETRACE_PORT": str(port),
            "RETRACE_LOG_LEVEL": "ERROR",
        }
        if server.redis_url:
            environment["REDIS_URL"] = server.redis_url
        environment |= more or {}
        roles = {}
        try:
            for role in ROLES:
                command = [sys.executable, "-m", "interfaces.cli", role]
                roles[role] = subprocess.Popen(command, env=environment, cwd=tree)
                if role == "serve":
                    _wait_ready(f"http://127.0.0.1:{port}", roles[role])
            yield Deployment(f"http://127.0.0.1:{port}", roles)
        finally:
            end_all([*roles.values()], patience=10)


def _wait_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/readyz").status_code in (200, 503):
                return
        time.sleep(0.1)
    raise RuntimeError("the HTTP role did not come up")
