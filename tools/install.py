"""Installs locks into a virtual environment, one line of progress for each step; pip's own words come only when it fails.

    python3 tools/install.py .venv requirements/run.txt            # a lock, and nothing that it does not name
    python3 tools/install.py .venv --project                       # this checkout, editable

A lock names every package with its hash, so pip resolves nothing (`--no-deps`): what is released later can't change what is installed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
"""The versions of Python that are tried before each change (tools/try_installing.py)."""

SILENCE = 10.0
"""Seconds between two lines of progress where nobody watches a terminal."""

LAST_WORDS = 25
"""Lines of pip's that are shown when it fails."""


def main(arguments: list[str]) -> int:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        here = ".".join(map(str, sys.version_info[:3]))
        oldest, newest = (".".join(map(str, version)) for version in (OLDEST, NEWEST))
        print(
            f"Retrace runs on Python {oldest} to {newest}; this is {here}. Name another one: make … PYTHON=python{newest}"
        )
        return 1
    folder, *what = arguments
    venv = Path(folder)
    python = venv / "bin" / "python"
    if not python.exists():
        print(f"· {folder}: a virtual environment of Python {sys.version.split()[0]}", flush=True)
        if subprocess.run([sys.executable, "-m", "venv", folder], check=False).returncode:
            return 1
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--progress-bar",
        "off",
        "--disable-pip-version-check",
    ]
    for each in what:
        if each == "--project":
            done = _run([*pip, "--no-build-isolation", "-e", "."], f"{folder}: this checkout", 1)
        else:
            done = _run([*pip, "--require-hashes", "-r", each], f"{folder}: {each}", _pinned(Path(each)))
        if not done:
            return 1
    return 0


def _pinned(lock: Path) -> int:
    return len(re.findall(r"^[A-Za-z0-9].*==", lock.read_text(), re.MULTILINE))


def _run(command: list[str], title: str, total: int) -> bool:
    """Tells how far pip is; whether it succeeded."""
    started = last = time.monotonic()
    watched = sys.stdout.isatty()
    words: deque[str] = deque(maxlen=LAST_WORDS)
    collected = 0
    print(f"· {title} …", end="" if watched else "\n", flush=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in _lines(process):
        words.append(line)
        said = None
        if line.startswith("Ignoring "):  # not for this Python, or not for this system
            total -= 1
        elif found := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line):
            collected += 1
            said = f"{collected} of {total}, {found[1]}"
        elif line.startswith("Installing collected"):
            said = "unpacking"
        elif "Retrying" in line:
            said = "the package index does not answer; pip tries again"
        if said and (watched or time.monotonic() - last > SILENCE):
            print(
                f"\r\x1b[K· {title} … {said}" if watched else f"  {said}",
                end="" if watched else "\n",
                flush=True,
            )
            last = time.monotonic()
    process.wait()
    end = "\r\x1b[K" if watched else ""
    if process.returncode:
        print(f"{end}· {title}: pip could not install it, and says", *words, sep="\n  ", flush=True)
        return False
    print(f"{end}· {title}: there after {time.monotonic() - started:.0f} s", flush=True)
    return True


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line.rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
