"""Which version this is. It stands in one place, `pyproject.toml`, and is that of the installed package."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "infra" / "schema"


def version_of() -> str:
    """As `0.1.0`; `unknown` where only the files are there, and nothing was installed."""
    try:
        return version("retrace")
    except PackageNotFoundError:
        return "unknown"


def schema_of() -> str:
    """The last file of the database's schema, as `340_moves`: two versions with the same one can run side by side in any order."""
    return max(file.stem for file in SCHEMA.glob("*.sql"))


def told() -> str:
    """A line for people: version, schema, Python."""
    return f"retrace {version_of()} (schema {schema_of()}, Python {platform.python_version()})"
