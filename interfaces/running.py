"""What `retrace up` notes in its data folder for whoever looks at it from outside: its process, its address, what its roles use. No secrets."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil

from infra.crypto.wrapping import Masters
from infra.server_urls import place_of

NAME = "running.json"


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


def note(
    folder: Path,
    *,
    url: str,
    roles: tuple[str, ...],
    database: str,
    redis: str | None,
    master: bytes,
    instance: str,
    files: str | None,
) -> None:
    """Note this process."""
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
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{NAME}.{os.getpid()}"
    draft.write_bytes(msgspec.json.encode(running))
    draft.replace(folder / NAME)


def forget(folder: Path) -> None:
    """At the end, unless another process has noted itself since."""
    if (running := _noted(folder)) is not None and running.pid == os.getpid():
        (folder / NAME).unlink(missing_ok=True)


def running_in(folder: Path) -> Running | None:
    """None where no such process lives, however it ended."""
    running = _noted(folder)
    if running is None:
        return None
    with suppress(psutil.Error):
        if abs(psutil.Process(running.pid).create_time() - running.since) < 1:
            return running
    return None


def _noted(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None
