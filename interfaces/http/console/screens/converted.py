"""What a form asks for in fields of its own, as the body that a route takes; what the route's types refuse stands beside the form's field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from domain.base.errors import Invalid
from interfaces.http.console.screens.validation import told, wrong_fields

S = TypeVar("S", bound=msgspec.Struct)


def converted(raw: Mapping[str, Any], body: type[S], places: Mapping[str, str] | None = None) -> S:
    """`places`: fields of the body, as `target.url` → the form's field, where it has another name. Raises Invalid with `errors`, one a field."""
    try:
        return msgspec.convert(raw, body, strict=False)
    except msgspec.ValidationError as error:
        errors = wrong_fields(body, dict(raw)) or [told(str(error), "$")]
    for each in errors:
        each["field"] = _place(each["field"], places or {})
    raise Invalid(errors[0]["message"], errors=errors)


def _place(path: str, places: Mapping[str, str]) -> str:
    """The longest beginning of the path that is known."""
    plain = re.sub(r"^\$\.?|\[[^\]]*\]", "", path)
    known = [name for name in places if plain == name or plain.startswith(f"{name}.")]
    return places[max(known, key=len)] if known else path
