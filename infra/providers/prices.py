"""The price table from its data file."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, time
from pathlib import Path

import msgspec

from domain.pricing import Price, PriceTable

FILE = Path(__file__).with_name("prices.toml")


def load_prices(file: Path = FILE) -> PriceTable:
    """Raises msgspec.ValidationError or ValueError, which name the row that is wrong."""
    rows = tomllib.loads(file.read_text())["price"]
    for row in rows:
        for name in ("since", "until"):
            if name in row:
                row[name] = datetime.combine(row[name], time(), UTC)
    return PriceTable(msgspec.convert(rows, list[Price]))
