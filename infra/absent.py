"""Packages that a library takes along where they are installed, though nobody asks it to use them: a few megabytes in each process, and time at its start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Inside, those that are not loaded yet can't be imported, by any thread; afterwards they can."""
    modules: dict[str, Any] = sys.modules
    hidden = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(hidden))  # which is how the import system knows what is not there
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]
