"""Sees to it that a Chromium is here, for the tests of the console: python3 tools/install_chromium.py

On a Debian (or a system like it) where it runs as root it installs the package `chromium`; elsewhere it says what to do, and the tests that
need a browser are skipped with that reason. Where CI is set they are never skipped, so there it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW = (
    "there is no Chromium, which the tests of the console need: install the package chromium of your system, "
    "or name one in RETRACE_TEST_CHROMIUM; they are skipped until then"
)


def found() -> str | None:
    """Path of the one that is here."""
    named = os.environ.get("RETRACE_TEST_CHROMIUM")
    return next(filter(None, map(shutil.which, (named,) if named else NAMES)), None)


def main() -> int:
    if found():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("· Chromium for the tests of the console, by apt-get …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
            done = subprocess.run(
                ["apt-get", "-qq", *words], env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"  apt-get {words[0]} failed:\n{done.stderr[-2000:]}")
                break
    if found():
        return 0
    print(f"· {HOW}")
    return 1 if os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())
