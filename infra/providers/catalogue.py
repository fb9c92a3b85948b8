"""The catalogue from its data file."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from domain.base.errors import Invalid
from domain.models.catalogue import Catalogue, Model
from domain.models.pricing import Price, timeline
from infra.providers import PROVIDERS

FILE = Path(__file__).with_name("catalogue.toml")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    as_of: date
    model: list[Model]
    price: list[Price]


def load_catalogue(file: Path | None = None) -> Catalogue:
    """The shipped one, or that of another file. Raises Invalid, which names what is wrong."""
    file = file or FILE
    try:
        found = tomllib.loads(file.read_text(), parse_float=Decimal)
        models, prices = found.get("model", []), found.get("price", [])
        withdrawn = [row.pop("withdrawn", False) for row in prices]
        _sound(models, Model)
        _sound(prices, Price)
        listed = msgspec.convert(found, _File)
        known = {model.id: model for model in listed.model}
        if len(known) != len(listed.model):
            raise ValueError("a model stands there twice")
        if strange := {model.successor for model in listed.model if model.successor} - set(known):
            raise ValueError(f"successors that are no models: {', '.join(sorted(strange))}")
        told = list(zip(listed.price, withdrawn, strict=True))
        former = {price.id: price for price, gone in told if gone}
        standing = timeline(price for price, gone in told if not gone)
        ids = [*former, *(price.id for some in standing.values() for price in some)]
        if len(set(ids)) != len(listed.price):
            raise ValueError("two prices have one id; give one of them a revision")
    except (ValueError, TypeError, AttributeError, msgspec.ValidationError, Invalid, OSError) as error:
        raise Invalid(f"{file.name} is no catalogue: {error}") from None
    # Of the built-in provider all models are here; the vendors have others too.
    providers = {"local": True, **dict.fromkeys(PROVIDERS, False)}
    name = f"{file.name} of {listed.as_of.isoformat()}"
    return Catalogue(known, standing, former=former, providers=providers, name=name, as_of=listed.as_of)


def _sound(rows: list[dict[str, Any]], kind: type[msgspec.Struct]) -> None:
    """Days become moments; a word that means nothing is a mistake."""
    for row in rows:
        if strange := sorted(set(row) - set(kind.__struct_fields__)):
            raise ValueError(f"{row.get('provider')}: unknown {', '.join(strange)}")
        for name in ("since", "until", "retires_at"):
            if isinstance(row.get(name), date) and not isinstance(row[name], datetime):
                row[name] = datetime.combine(row[name], time(), UTC)
