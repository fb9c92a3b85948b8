"""The roles of one state of the project, each a process of its own, against a database that others use too."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.soak.deployment import free_port

ROLES = ("serve", "worker", "projector")
READY, ENDED = 180.0, 60.0
"""Seconds."""


@dataclass
class Crew:
    """`tree`: where the code is; `environment`: for all of its processes. Logs go to `logs`."""

    tree: Path
    environment: Mapping[str, str]
    logs: Path
    port: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str) -> str:
        """A command of `retrace`, to its end."""
        command = [sys.executable, "-m", "interfaces.cli", *words]
        done = subprocess.run(
            command, cwd=self.tree, env=dict(self.environment), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    async def start(self) -> None:
        """Until it serves."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for role in ROLES:
            more = ("--port", str(self.port)) if role == "serve" else ()
            with (self.logs / f"{role}.log").open("ab") as output:
                self.processes[role] = subprocess.Popen(
                    [sys.executable, "-m", "interfaces.cli", role, *more],
                    cwd=self.tree,
                    env=dict(self.environment),
                    stdout=output,
                    stderr=output,
                )
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client, asyncio.timeout(READY):
            while True:
                assert self.alive(), self.last_words()
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)

    def alive(self) -> bool:
        return all(process.poll() is None for process in self.processes.values())

    def last_words(self) -> str:
        return "\n".join(
            f"{log}: {log.read_text(errors='replace')[-1500:]}" for log in sorted(self.logs.glob("*.log"))
        )

    async def stop(self) -> None:
        """As an operator does: told to, and waited for. Each ends well."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        ended = [await asyncio.to_thread(process.wait, ENDED) for process in self.processes.values()]
        assert ended == [0] * len(ended), (ended, self.last_words())
        self.processes.clear()

    def kill(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
