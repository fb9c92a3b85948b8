"""What a type refuses, in people's words, and of which field."""

from __future__ import annotations

import re
from typing import Any, get_type_hints

import msgspec
from msgspec import inspect

_WORDS = (
    (r"Expected `(?:str|array|object)` of length >= 1\b", "fill this in"),
    (r"Object missing required field .*", "fill this in"),
    (r"Expected `str` of length <= (\d+)", r"this has at most \1 characters"),
    (r"Expected `str` of length >= (\d+)", r"this has at least \1 characters"),
    (r"Expected `(?:int|float|decimal)` >= (\S+)", r"this is a number of at least \1"),
    (r"Expected `(?:int|float|decimal)` <= (\S+)", r"this is a number of at most \1"),
    (r"Expected `(?:int|float|decimal)` > (\S+)", r"this is a number above \1"),
    (r"Expected `int(?: \| null)?`, got .*", "this is a whole number"),
    (r"Expected `(?:float|decimal)(?: \| null)?`, got .*", "this is a number"),
    (r"Invalid (?:decimal string|number).*", "this is a number"),
    (r"Invalid RFC3339 encoded date$", "this is a date, as 2027-01-31"),
    (r"Invalid RFC3339 encoded datetime", "this is a time, as 2027-01-31T12:00"),
    (r"Invalid UUID", "this is an id, as its page shows it"),
    (r"Invalid enum value .*", "choose one of these"),
    (r"Expected `str` matching regex .*", "this is not of the form that it must have"),
)


def wrong_fields(body: type[msgspec.Struct], raw: dict[str, Any]) -> list[dict[str, str]]:
    """What is wrong with each field by itself."""
    hints = get_type_hints(body, include_extras=True)
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType)
    found = []
    for field in info.fields:
        if field.encode_name not in raw:
            if field.required:
                found.append({"field": f"$.{field.encode_name}", "message": "fill this in"})
            continue
        try:
            msgspec.convert(raw[field.encode_name], hints[field.name], strict=False)
        except msgspec.ValidationError as error:
            found.append(told(str(error), f"$.{field.encode_name}"))
    return found


def told(text: str, at: str) -> dict[str, str]:
    """What a ValidationError says, in people's words, and of which field; `at`: where its places begin."""
    message, _, place = text.partition(" - at ")
    for pattern, words in _WORDS:
        if re.match(pattern, message):
            message = re.sub(pattern, words, message)
            break
    return {"field": at + place.strip("`")[1:], "message": message}
