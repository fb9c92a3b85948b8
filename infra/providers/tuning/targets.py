"""The fine-tuning targets from their data file."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from domain.base.errors import Invalid
from domain.learning.tuning_target import Targets, TuningTarget
from infra.providers.tuning import TUNERS

FILE = Path(__file__).with_name("targets.toml")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    as_of: date
    target: list[TuningTarget]


def load_targets(file: Path | None = None) -> Targets:
    """The shipped ones, or those of another file. Raises Invalid, which names what is wrong."""
    file = file or FILE
    try:
        found = tomllib.loads(file.read_text(), parse_float=Decimal)
        for target in found.get("target", ()):
            for row in (target, *target.get("models", ())):
                _moments(row)
        listed = msgspec.convert(found, _File)
        names = [target.provider for target in listed.target]
        if len(set(names)) != len(names) or set(names) != set(TUNERS):
            raise ValueError(f"there are targets for {', '.join(names)}, and tuners for {', '.join(TUNERS)}")
    except (ValueError, TypeError, AttributeError, msgspec.ValidationError, OSError) as error:
        raise Invalid(f"{file.name} is no table of targets: {error}") from None
    return Targets(listed.target, f"{file.name} of {listed.as_of.isoformat()}")


def _moments(row: dict[str, Any]) -> None:
    for name in ("closes", "since", "until"):
        if isinstance(row.get(name), date) and not isinstance(row[name], datetime):
            row[name] = datetime.combine(row[name], time(), UTC)
