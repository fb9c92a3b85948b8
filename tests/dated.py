"""Today's catalogue: as shipped, seen from today as it was from the day that it is of.

What it foresees (retirements, prices, the end of a vendor's fine-tuning) is moved on by as many days as have gone by since. Else every test
that asks a model would end on the day on which the vendor takes it away. What lies in the past stays, and with it the ids of prices.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from infra.providers import catalogue
from infra.providers.tuning import targets

SHIPPED = Path(catalogue.__file__).with_name("catalogue.toml")
TARGETS = Path(targets.__file__).with_name("targets.toml")

CLOCK = {name: os.environ[name] for name in ("LD_PRELOAD", "AHEAD") if name in os.environ}
"""For the environment of a process that has only what it is given: the day of whoever started the tests (`tools/at_date.py`)."""

DAY = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")


def moved(file: Path, today: date | None = None) -> str:
    """The text of a data file with an `as_of`, whose later days are moved on with it to `today`."""
    text = file.read_text()
    stated = re.search(r"^as_of = (\S+)$", text, re.MULTILINE)
    assert stated is not None, f"{file.name} does not say of which day it is"
    as_of = date.fromisoformat(stated[1])
    gone_by = max((today or datetime.now(UTC).date()) - as_of, timedelta(0))

    def later(found: re.Match[str]) -> str:
        day = date.fromisoformat(found[0])
        return (day + gone_by if day > as_of else day).isoformat()

    return DAY.sub(later, text)
