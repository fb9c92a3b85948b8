"""Runs a command at another day: its wall clock, and that of all that it starts, is set ahead; how long things take stays as it is.

    python3 tools/at_date.py 2028-06-01 make test

Tests and defaults must hold on days that the catalogue of models foresees, and on those after it. Linux, and a C compiler (`cc`); programs that
ask the kernel without their C library, as Chromium, keep today.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

SOURCE = Path(__file__).with_name("clock_ahead.c")


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        day = date.fromisoformat(sys.argv[1])
    except ValueError as error:
        print(f"{error}; give the day as 2028-06-01", file=sys.stderr)
        return 2
    ahead = (day - datetime.now(UTC).date()).days * 86_400
    if ahead < 0:
        print(f"{day} is past; the clock is only set ahead", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="retrace-clock-") as folder:
        os.chmod(folder, 0o755)  # embedded PostgreSQL runs as another user where this is root
        library = Path(folder) / "clock_ahead.so"
        subprocess.run(
            [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], check=True
        )
        environment = {**os.environ, "LD_PRELOAD": str(library), "AHEAD": str(ahead)}
        print(f"· {time.strftime('%F', time.gmtime(time.time() + ahead))}: {' '.join(sys.argv[2:])}")
        return subprocess.run(sys.argv[2:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
