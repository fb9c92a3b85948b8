"""The note in the data folder of what runs there (`interfaces/running.py`), as whoever runs it writes it and takes it away."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

NAME = "running.json"


def note(folder: Path, text: str) -> None:
    """The whole file at once. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{NAME}.{os.getpid()}"
    draft.write_text(text)
    draft.replace(folder / NAME)


def forget(folder: Path) -> None:
    """At the end, unless another process has noted itself since."""
    with suppress(
        OSError, ValueError, KeyError, TypeError
    ):  # none, or damaged: there is nothing of ours in it
        if json.loads((folder / NAME).read_text())["pid"] == os.getpid():
            (folder / NAME).unlink(missing_ok=True)
