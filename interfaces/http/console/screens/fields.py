"""The fields of a form, from the type of the body that it makes and from what is there now."""

from __future__ import annotations

import ast
import inspect as source
import re
import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from interfaces.http.console.formats import share_text
from interfaces.http.console.screens.cells import line_of
from interfaces.http.console.screens.controls import Control, control_of, without_none
from interfaces.http.console.screens.written import written_of
from interfaces.http.console.screens.wrong import Given


class Field(NamedTuple):
    """`value` as a text, of `choices` those that are ticked."""

    name: str
    label: str
    control: Control
    value: str | list[str]
    hint: str
    error: str
    required: bool

    def hidden(self) -> Field:
        """What was typed is not shown, now or later."""
        several = self.control.kind in ("pairs", "lines", "rows", "groups", "json")
        return self._replace(control=self.control if several else Control("secret"), value="")

    def with_percent(self) -> Field:
        """A share of 1, as people write it."""
        return (
            self._replace(value=share_text(Decimal(self.value)))
            if isinstance(self.value, str) and self.value
            else self
        )

    def within(self, legend: str) -> Field:
        """Below a legend that its label begins with."""
        label = self.label.removeprefix(f"{legend}: ") if legend else self.label
        return self._replace(label=f"{label[:1].upper()}{label[1:]}")

    def among(self, options: list[str]) -> Field:
        """To be chosen from what there is."""
        kind = self.control.kind
        control = Control("choices" if kind == "lines" else "choice", tuple(options))
        value = self.value
        if control.kind == "choices" and isinstance(value, str):
            value = value.split("\n")
        elif isinstance(value, str) and value and value not in options:
            control = Control("choice", (value, *options))
        return self._replace(control=control, value=value)


def fields_of_body(
    body: type[msgspec.Struct],
    current: Any = None,
    given: Given | None = None,
    *,
    only: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    labels: Mapping[str, str] | None = None,
    hints: Mapping[str, str] | None = None,
) -> list[Field]:
    """`current`: a body, or what has fields of the same names; else the type's defaults. `given`: what was sent, with what was wrong.
    `labels`, `hints`: in the place of those that follow from the type."""
    now = msgspec.to_builtins(current) if current is not None else {}
    found = list(_fields(body, "", now, given, labels or {}, hints or {}))
    if only:
        found = [
            each for name in only for each in found if each.name == name or each.name.startswith(name + ".")
        ]
    return [
        each
        for each in found
        if not any(each.name == name or each.name.startswith(name + ".") for name in without)
    ]


def _fields(
    body: type[msgspec.Struct],
    prefix: str,
    now: Mapping[str, Any],
    given: Given | None,
    labels: Mapping[str, str],
    hints: Mapping[str, str],
    loose: bool = False,
) -> Iterator[Field]:
    """`loose`: of a part that there need not be."""
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        name = prefix + field.encode_name
        known, optional = without_none(field.type)
        has = field.encode_name in now
        value = now[field.encode_name] if has else _default(field)
        if isinstance(known, inspect.StructType):
            inner = value if isinstance(value, dict) else _nothing(known) if optional or has else {}
            yield from _fields(known.cls, f"{name}.", inner, given, labels, hints, loose or optional)
            continue
        written = written_of(body, field.encode_name)
        control = written.control if written is not None else control_of(field.type, field.encode_name)
        if written is not None and value:
            value = written.write(value)
        text = _text(control, value) if given is None else given.of(name, control)
        yield Field(
            name,
            labels.get(name) or label_of(name),
            control,
            text,
            hints.get(name, hints_of(body).get(field.name, "")),
            given.errors.get(name, "") if given is not None else "",
            field.required and not optional and not loose,
        )


def _nothing(part: inspect.StructType) -> dict[str, Any]:
    """Of a part that there is not: fields that stand empty."""
    return dict.fromkeys(field.encode_name for field in part.fields)


def label_of(name: str) -> str:
    """`limits.failure_rate` → `Limits: failure rate`."""
    text = name.replace("_", " ").replace(".", ": ")
    return text[:1].upper() + text[1:]


@cache
def hints_of(body: type) -> dict[str, str]:
    """What stands below the fields of a type in its source, and of the types that it goes on from."""
    found: dict[str, str] = {}
    for cls in reversed(body.__mro__):
        if issubclass(cls, msgspec.Struct) and cls is not msgspec.Struct:
            found |= _hints_in(cls)
    return found


def _hints_in(cls: type) -> dict[str, str]:
    (node,) = ast.parse(textwrap.dedent(source.getsource(cls))).body
    assert isinstance(node, ast.ClassDef)
    found, last = {}, ""
    for part in node.body:
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and last:
            text = re.sub(r" ?\([^()]*\.(?:py|md)\)", "", " ".join(str(part.value.value).split()))
            found[last] = text.replace("`", "")
        last = part.target.id if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) else ""
    return found


def _default(field: inspect.Field) -> Any:
    if field.default is not msgspec.NODEFAULT:
        value = field.default
    elif field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    else:
        return None
    return None if value is msgspec.UNSET else msgspec.to_builtins(value)


def _text(control: Control, value: Any) -> str | list[str]:
    if control.kind == "choices":
        return [str(each) for each in value or ()]
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    if control.kind == "lines":
        return "\n".join(str(each) for each in value)
    if control.kind == "pairs":
        return "\n".join(f"{name}: {text}" for name, text in value.items())
    if control.kind == "json":
        return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    if control.kind == "rows":
        return "\n".join(line_of(row.get(name) for name in control.options) for row in value)
    if control.kind == "groups":
        return "\n".join(map(line_of, value))
    return str(value)
