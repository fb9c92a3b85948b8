"""Decimals in plain digits (no scientific notation), alone and within JSON.

`str` writes 0.00000012 as 1.2E-7 and a zero of twelve decimals as 0E-12, and so does whoever encodes it: many readers take that for a text, or for a
binary float.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

_SCIENTIFIC = re.compile(rb'"-?\d(?:\.\d+)?E[+-]?\d+"')
"""How a decimal may stand in JSON that is none of plain digits; a text may look the same."""


def digits(amount: Decimal) -> str:
    """As `str`, with no exponent."""
    text = str(amount)
    if "E" not in text:
        return text
    return format(amount, "f") if amount else "0"


def in_digits(value: Any) -> Any:
    """What consists of lists, dicts and plain values, with each decimal as its digits."""
    if isinstance(value, Decimal):
        return digits(value)
    if isinstance(value, dict):
        return {name: in_digits(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [in_digits(item) for item in value]
    return value


def to_json(value: Any, enc_hook: Callable[[Any], Any] | None = None) -> bytes:
    """JSON of whatever msgspec can encode. Raises as msgspec does. One that has no such decimal, as nearly all, is made at once."""
    made = msgspec.json.encode(value, enc_hook=enc_hook)
    if _SCIENTIFIC.search(made) is None:
        return made
    plain = msgspec.to_builtins(value, builtin_types=(Decimal,), str_keys=True, enc_hook=enc_hook)
    return msgspec.json.encode(in_digits(plain))
