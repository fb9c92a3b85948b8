"""The table of vendors' forms of usage, from its data file."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

from domain.models.usage_forms import Form, Forms

FILE = Path(__file__).with_name("usage_forms.toml")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tier_places: tuple[str, ...]
    tiers: dict[str, str]
    form: tuple[Form, ...]


@cache
def load_forms(file: Path = FILE) -> Forms:
    """Raises ValueError, which names what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(file.read_text()), _File)
    except (ValueError, OSError) as error:
        raise ValueError(f"{file.name} is no table of forms: {error}") from None
    names = [form.name for form in found.form]
    if len(set(names)) != len(names):
        raise ValueError(f"{file.name} has a form twice")
    return Forms(found.form, found.tier_places, found.tiers)
