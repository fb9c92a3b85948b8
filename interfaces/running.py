"""What `retrace up` notes in its data folder for whoever looks at it from outside: its process, its address, what its roles use. No secrets."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from infra.crypto.wrapping import Masters
from infra.server_urls import place_of
from interfaces.processes.noting import NAME


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """`database` and `redis`: where they are, without user and password; `masters`: fingerprints of the master keys, the current one first;
    `instance`: what its HTTP role tells at /healthz; `files`: the bucket that has them."""

    pid: int
    since: float
    url: str
    roles: tuple[str, ...]
    database: str
    redis: str | None
    masters: tuple[str, ...]
    instance: str = ""
    files: str | None = None


def noted(
    *,
    url: str,
    roles: tuple[str, ...],
    database: str,
    redis: str | None,
    master: bytes,
    instance: str,
    files: str | None,
) -> str:
    """The text that this process notes. `database` and `redis` are URLs."""
    import psutil

    running = Running(
        pid=os.getpid(),
        since=psutil.Process().create_time(),
        url=url,
        roles=roles,
        database=place_of(database),
        redis=place_of(redis) if redis else None,
        masters=Masters(master).fingerprints,
        instance=instance,
        files=files,
    )
    return msgspec.json.encode(running).decode()


def running_in(folder: Path) -> Running | None:
    """None where no such process lives, however it ended."""
    running = _found(folder)
    if running is None:
        return None
    import psutil

    with suppress(psutil.Error):
        if abs(psutil.Process(running.pid).create_time() - running.since) < 1:
            return running
    return None


def _found(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None
