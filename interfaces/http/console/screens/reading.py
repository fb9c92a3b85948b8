"""The body of a form that was filled in, of the type that the route takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from domain.base.errors import Invalid
from interfaces.http.console.screens.cells import lines_of, row_of
from interfaces.http.console.screens.controls import Control, control_of, without_none
from interfaces.http.console.screens.validation import told, wrong_fields
from interfaces.http.console.screens.written import written_of
from interfaces.http.console.screens.wrong import Sent

S = TypeVar("S", bound=msgspec.Struct)
_ABSENT: Any = object()


def body_of(body: type[S], sent: Sent, fixed: Mapping[str, Any] | None = None) -> S:
    """Fields that were left empty are left out, and have what the route takes then. Raises Invalid with `errors`, one a field."""
    errors: list[dict[str, str]] = []
    raw = {**_object(body, sent, "", errors), **(fixed or {})}
    if not errors:
        try:
            return msgspec.convert(raw, body, strict=False)
        except msgspec.ValidationError as error:
            errors = wrong_fields(body, raw) or [told(str(error), "$")]
    raise Invalid(errors[0]["message"], errors=errors)


def _object(
    body: type[msgspec.Struct], sent: Sent, prefix: str, errors: list[dict[str, str]]
) -> dict[str, Any]:
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType)
    found: dict[str, Any] = {}
    for field in info.fields:
        name = prefix + field.encode_name
        known, optional = without_none(field.type)
        if isinstance(known, inspect.StructType):
            inner = _object(known.cls, sent, f"{name}.", errors)
            if optional and _is_empty(inner):
                _leave_out(field, found, sent, name)
            elif inner:
                found[field.encode_name] = inner
            continue
        values = [value for value in sent.getall(name, []) if isinstance(value, str)]
        if values:
            try:
                value = _read(body, field, values, field.required and not optional)
            except ValueError as error:
                errors.append({"field": name, "message": str(error)})
                continue
            if optional and value in (_ABSENT, [], {}) and not _may_be_unset(field):
                value = None  # emptied: also where there would be something by default
            if value is not _ABSENT:
                found[field.encode_name] = value
    return found


def _read(body: type[msgspec.Struct], field: inspect.Field, values: list[str], required: bool) -> Any:
    """Raises ValueError."""
    written = written_of(body, field.encode_name)
    if written is None:
        return _value(control_of(field.type, field.encode_name), values, required)
    return written.read(_value(written.control, values, required))


def _is_empty(value: Any) -> bool:
    """Whether nothing was filled in, in any part."""
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value in (None, "", False, [])


def _may_be_unset(field: inspect.Field) -> bool:
    """Whether it says something else to leave it out than to say that there is nothing (its default is UNSET)."""
    return not field.required and field.default is field.default_factory is msgspec.NODEFAULT


def _leave_out(field: inspect.Field, found: dict[str, Any], sent: Sent, name: str) -> None:
    """All fields of a part were emptied: there is none, also where there would be one by default."""
    known = without_none(field.type)[0]
    assert isinstance(known, inspect.StructType)
    if any(sent.getall(f"{name}.{inner.encode_name}", []) for inner in known.fields):
        found[field.encode_name] = None


def _value(control: Control, values: list[str], required: bool) -> Any:
    text = values[-1].replace("\r\n", "\n")
    match control.kind:
        case "choices":
            return [value for value in values if value]
        case "check":
            return text == "true"
        case "lines":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "rows":
            return [row_of(cells, control.options) for cells in lines_of(text)]
        case "groups":
            return [[cell for cell in cells if cell] for cells in lines_of(text)]
        case "pairs":
            return dict(_pair(line) for line in text.split("\n") if line.strip())
        case "area":
            return text if text.strip() or required else _ABSENT
    text = text.strip()
    if not text:
        return "" if required and control.kind == "text" else _ABSENT
    if control.kind == "json":
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            raise ValueError("this is no JSON") from None
    if control.kind == "number" and text.endswith("%"):
        return _share(text)
    if control.kind == "moment":
        return _moment(text)
    if control.kind == "choice" and control.options == ("true", "false"):
        return text == "true"
    return text


def _share(text: str) -> str:
    """20 % is 0.2."""
    try:
        return f"{Decimal(text[:-1].strip()) / 100:f}"
    except InvalidOperation:
        return text  # which is refused as no number


def _pair(line: str) -> tuple[str, str]:
    name, colon, text = line.partition(":")
    if not colon:
        raise ValueError(f"each line has a name, a colon and a text: {line.strip()[:60]!r} has no colon")
    return name.strip(), text.strip()


def _moment(text: str) -> str:
    """A browser's field has no zone, and no seconds where there are none; here it is UTC."""
    text = text.replace(" ", "T")
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text):
        text += ":00"
    return text if re.search(r"(?:[Zz]|[+-]\d\d:\d\d)$", text) else f"{text}Z"
