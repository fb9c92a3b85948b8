"""How pages show values that have no form of their own."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.base.plain_digits import to_json


def json_text(value: Any) -> str:
    """As JSON, a text as it is; a dash where there is nothing."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    return msgspec.json.format(to_json(value), indent=2).decode()
