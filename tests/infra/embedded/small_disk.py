"""A disk of some megabytes, for what happens when it is full.

It is a mount that only a child process sees: nothing of it stays behind, however that ends, and any user may have one where
the system lets them have namespaces of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[3]
NAMESPACES = (
    ["unshare", "--mount"],
    ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"],
)
"""As root, and as somebody else."""


def run_on_small_disk(module: str, folder: Path, megabytes: int, *words: str) -> str:
    """What `python -m MODULE FOLDER WORDS…` printed, with a disk of that size below `folder`. Raises CalledProcessError."""
    mount = f"size={megabytes}m,mode=0755"
    script = f'mount -t tmpfs -o {mount} tmpfs "$0" && exec "$@"'
    namespace = next(found for found in NAMESPACES if _may(found))
    command = ["sh", "-c", script, str(folder), sys.executable, "-m", module, str(folder), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [*namespace, *command], env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=570
    )
    return process.stdout


def _may(namespace: list[str]) -> bool:
    probe = [*namespace, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Nothing is free on the disk of `folder`."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12):  # others may be writing too
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        ballast.unlink()
