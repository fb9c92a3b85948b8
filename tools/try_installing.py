"""Tries the installation as a new user would, with each supported Python that this machine has: a fresh clone, a fresh virtual environment, the demo.

    python3 tools/try_installing.py

The oldest Python is tried with the oldest pip that it was shipped with, and with the newest. All see an index in which each pinned package
has a newer release, so a lock that leaves anything open fails here and not at a user's.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from install import NEWEST, OLDEST

HERE = Path(__file__).resolve().parent.parent
OLDEST_PIP = "22.3"
"""What CPython 3.11.0 carries (Lib/ensurepip)."""


def main() -> int:
    failed = False
    with tempfile.TemporaryDirectory(prefix="retrace-install-") as folder:
        newer = _newer_releases(Path(folder, "newer"))
        for minor in range(OLDEST[1], NEWEST[1] + 1):
            python = _python(minor)
            if python is None:
                print(f"· Python 3.{minor}: not on this machine, not tried", flush=True)
                continue
            for pip in (OLDEST_PIP, "newest") if (3, minor) == OLDEST else (None,):
                clone = Path(folder, f"clone-{minor}-{pip}")
                failed |= not _tried(python, pip, clone, newer)
                shutil.rmtree(clone, ignore_errors=True)
    return int(failed)


def _tried(python: str, pip: str | None, clone: Path, newer: Path) -> bool:
    name = f"{_version(python)} with {f'pip {pip}' if pip else 'its own pip'}"
    print(f"· {name} …", flush=True)
    started = time.monotonic()
    links = " ".join(filter(None, (os.environ.get("PIP_FIND_LINKS"), str(newer))))
    environment = {**os.environ, "PYTHON": python, "PIP_FIND_LINKS": links}
    own_pip = str(clone / ".venv/bin/pip")
    wanted = {None: [], "newest": ["pip"]}.get(pip, [f"pip=={pip}"])
    arguments = f"ARGS=--once --port {_free_port()} --data {clone / 'data'}"
    steps = [
        ["git", "clone", "-q", str(HERE), str(clone)],
        [python, "-m", "venv", str(clone / ".venv")],
        *([[own_pip, "install", "-q", "--upgrade", *wanted]] if wanted else []),
        ["make", "-C", str(clone), "demo", f"PYTHON={python}", arguments],
        [own_pip, "check"],
    ]
    for step in steps:
        done = subprocess.run(
            step, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            print(f"  failed: {' '.join(step)}", *done.stdout.splitlines()[-30:], sep="\n    ", flush=True)
            return False
    print(f"  installed, asked and answered after {time.monotonic() - started:.0f} s", flush=True)
    return True


def _newer_releases(folder: Path) -> Path:
    """An index's folder with a made-up later wheel of each package that the locks pin."""
    folder.mkdir()
    pinned = re.findall(
        r"^([A-Za-z0-9][\w.-]*)(?:\[.*?\])?==", (HERE / "requirements/run.txt").read_text(), re.MULTILINE
    )
    for name in set(pinned):
        stem = re.sub(r"[-_.]+", "_", name).lower()
        with zipfile.ZipFile(folder / f"{stem}-9999-py3-none-any.whl", "w") as wheel:
            about = f"{stem}-9999.dist-info"
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 9999\n")
            wheel.writestr(
                f"{about}/WHEEL",
                "Wheel-Version: 1.0\nGenerator: made-up\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            wheel.writestr(f"{about}/RECORD", "")
    return folder


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _python(minor: int) -> str | None:
    """An interpreter of this version that runs: from the PATH, or one of pyenv's."""
    installed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
    for candidate in (shutil.which(f"python3.{minor}"), *map(str, installed), sys.executable):
        if candidate and _version(candidate).startswith(f"Python 3.{minor}."):
            return candidate
    return None


def _version(python: str) -> str:
    told = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
