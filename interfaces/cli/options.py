"""Options that commands share, and the settings that follow. Apart from `base.py`, for roles have no use for tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from infra.settings import Settings, load

data_option = click.option(
    "--data", type=click.Path(path_type=Path), help="folder of the embedded servers and files"
)
port_option = click.option("--port", type=click.IntRange(1, 65535), help="port of the HTTP API")


def settings_of(data: Path | None = None, port: int | None = None) -> Settings:
    """Raises InvalidSettings."""
    found = load(os.environ)
    changes: dict[str, Any] = {}
    if data is not None:
        changes["data"] = data
    if port is not None:
        changes["port"] = port
    return msgspec.structs.replace(found, **changes)
