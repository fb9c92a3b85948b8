from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not below pytest's own folder: each run closes that one to the user that PostgreSQL runs as, another run's too."""
    with tempfile.TemporaryDirectory(prefix="retrace-embedded-") as folder:
        yield Path(folder)
