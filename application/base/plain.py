"""How recorded facts are shown: as JSON would have them, without what is secret."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from domain.base.plain_digits import digits

HIDDEN = "(not shown)"


def plain(value: Any) -> Any:
    """With HIDDEN in place of all bytes, at whatever depth: those are tokens, or hashes of secrets."""
    return _hidden(msgspec.to_builtins(value, builtin_types=(bytes, Decimal), str_keys=True))


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item) for item in value]
    if isinstance(value, Decimal):
        return digits(value)
    return HIDDEN if isinstance(value, bytes) else value
