"""Schemas of bodies, from the very types that they are decoded and encoded by: unknown fields, limits, patterns and defaults as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler

REF = "#/components/schemas/{name}"
JSON = "application/json"


def describe_bodies(description: dict[str, Any], app: Litestar) -> None:
    """Put them in the place of litestar's, which does not know all of them."""
    asked, answered = _types(app)
    kinds = list({id(kind): kind for kind in (*asked.values(), *answered.values())}.values())
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
    by_kind = {id(kind): _portable(schema) for kind, schema in zip(kinds, schemas, strict=True)}
    taken = _reachable([by_kind[id(kind)] for kind in asked.values()], components)
    for kind in asked.values():
        by_kind[id(kind)] = _numbers_too(by_kind[id(kind)])
    for (path, method), kind in asked.items():
        content = description["paths"][path][method]["requestBody"]["content"]
        content[JSON]["schema"] = by_kind[id(kind)]
    for (path, method, status), kind in answered.items():
        content = description["paths"][path][method]["responses"][status].get("content", {})
        if JSON in content:
            content[JSON]["schema"] = by_kind[id(kind)]
    there = description["components"]["schemas"]
    for name, schema in components.items():
        there[name] = _portable(_numbers_too(schema) if name in taken else schema)
    _drop_unused(description)


def operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Path, method and handler of each that is described."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and handler.resolve_include_in_schema():
                for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                    yield getattr(route, "path_format"), method.lower(), handler  # noqa: B009  # of HTTP routes alone


def _types(app: Litestar) -> tuple[dict[tuple[str, str], Any], dict[tuple[str, str, str], Any]]:
    asked: dict[tuple[str, str], Any] = {}
    answered: dict[tuple[str, str, str], Any] = {}
    for path, method, handler in operations(app):
        field = handler.parsed_data_field
        if field is not None and getattr(field.kwarg_definition, "media_type", None) in (None, JSON):
            asked[path, method] = field.annotation
        for kind in _bodies(handler.parsed_return_field.annotation):
            answered[path, method, str(handler.status_code)] = kind
    return asked, answered


def _bodies(annotation: Any) -> Iterator[Any]:
    """Of what a handler gives, what is sent as JSON."""
    origin = get_origin(annotation)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Response):
        (kind,) = get_args(annotation)
        if kind not in (None, type(None), bytes, str):
            yield kind
    elif isinstance(kind := origin or annotation, type) and issubclass(kind, msgspec.Struct):
        yield annotation
    elif origin is not None and not isinstance(origin, type):
        for each in get_args(annotation):
            yield from _bodies(each)


def _portable(schema: Any) -> Any:
    """What follows the last of a tuple is bounded by `maxItems`; for what reads `items: false` as none it is said twice."""
    if isinstance(schema, list):
        return [_portable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _portable(value) for name, value in schema.items()}
    if made.get("type") == "array" and made.get("items", False) is False:
        made["items"] = {}
    return made


def _numbers_too(schema: Any) -> Any:
    """Decimals are told as texts, and taken as numbers too."""
    if isinstance(schema, list):
        return [_numbers_too(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        return {**schema, "type": ["string", "number"]}
    return {name: _numbers_too(value) for name, value in schema.items()}


def _reachable(schemas: Sequence[Any], components: dict[str, Any]) -> set[str]:
    """Names of the components that these refer to, in however many steps."""
    found, ahead = set[str](), list(_references(list(schemas)))
    while ahead:
        name = ahead.pop()
        if name not in found and name in components:
            found.add(name)
            ahead += _references(components[name])
    return found


def _drop_unused(description: dict[str, Any]) -> None:
    """Schemas that nothing refers to."""
    schemas = description["components"]["schemas"]
    wanted = _reachable([{**description, "components": {}}], schemas)
    description["components"]["schemas"] = {name: schemas[name] for name in sorted(wanted)}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)
