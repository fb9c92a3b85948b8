"""What a request below /v1 passes before its handler runs, once it is admitted (admission.py): version, query, then the body, strictly."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.types import Scope

from domain.base.errors import Invalid
from domain.base.patterns import in_words
from domain.base.times import check_written
from domain.base.wanted import with_what_is_wanted
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.session.forgery import check_form
from interfaces.http.base.version import expected

JSON, MULTIPART = "application/json", RequestEncodingType.MULTI_PART.value


async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard of the whole application."""
    assert isinstance(connection, Request)
    if connection.method == "OPTIONS":
        return
    if is_console(handler):
        await check_form(connection)
        return
    if not is_api(handler):
        return
    assert isinstance(handler, HTTPRouteHandler)
    tenant = caller_in(connection).about(connection.path_params)
    connection.scope["state"]["expected"] = expected(connection, handler, tenant)
    _check_query(connection, handler)
    await _check_body(connection, handler)


def is_api(handler: BaseRouteHandler) -> bool:
    """Whether a handler asks for a key."""
    return any(path.startswith("/v1") for path in handler.paths)


def is_console(handler: BaseRouteHandler) -> bool:
    """Whether a handler is a page for operators."""
    return any(path.startswith("/console") for path in handler.paths)


def is_for_operators(handler: BaseRouteHandler) -> bool:
    """Whether a handler asks for a session: it names a scope, or None for all who are signed in."""
    return is_console(handler) and "scope" in handler.opt


def without_key(scope: Scope) -> bool:
    """Whether a request is one for which neither key nor session is asked, so that there is nobody whose requests could be counted."""
    handler = scope["route_handler"]
    return scope["method"] == "OPTIONS" or not (is_api(handler) or is_for_operators(handler))  # type: ignore[typeddict-item]  # of HTTP alone


def query_names(handler: HTTPRouteHandler) -> set[str]:
    """Names of the query parameters that a handler takes."""
    return set(_query(handler))


def _times(handler: HTTPRouteHandler) -> set[str]:
    """Names of the query parameters that are times."""
    return {name for name, annotation in _query(handler).items() if datetime in _kinds(annotation)}


def _query(handler: HTTPRouteHandler) -> dict[str, Any]:
    """Name → type, of each query parameter, by the name that callers send."""
    found = {}
    for name, field in handler.parsed_fn_signature.parameters.items():
        if isinstance(definition := field.kwarg_definition, QueryParameter):
            found[definition.name or name] = field.annotation
    return found


def _kinds(annotation: Any) -> set[Any]:
    return {annotation, *(kind for each in get_args(annotation) for kind in _kinds(each))}


def _check_query(request: Request[Any, Any, Any], handler: HTTPRouteHandler) -> None:
    known = query_names(handler)
    given = [name for name, _ in request.query_params.multi_items()]
    if strange := sorted(set(given) - known):
        told = f"known are {', '.join(sorted(known))}" if known else "there are none here"
        raise Invalid(f"unknown query parameter {', '.join(strange)[:200]}; {told}")
    if len(given) != len(set(given)):
        raise Invalid("a query parameter stands here more than once; give each once")
    for name in _times(handler) & set(given):  # litestar converts loosely here too
        check_written(name, request.query_params[name])


def elsewhere(body: Any, error: str) -> str | None:
    """Says what sets a field that does not fit a body, where that is something else: its type's ELSEWHERE names it."""
    for name, way in getattr(body, "ELSEWHERE", {}).items():
        if f"`{name}`" in error or f"'{name}'" in error:
            return f"{name} is not set here: {way}"
    return None


async def _check_body(request: Request[Any, Any, Any], handler: HTTPRouteHandler) -> None:
    """Litestar converts loosely ("30" for 30); here a body has the types that it must have."""
    field = handler.parsed_data_field
    if field is None:
        return
    kind, _ = request.content_type
    definition = field.kwarg_definition
    if getattr(definition, "media_type", None) == RequestEncodingType.MULTI_PART:
        if kind != MULTIPART:
            raise HTTPException(status_code=415, detail=f"send the body as {MULTIPART}")
        return
    body = await request.body()
    if not body and field.is_optional:
        return
    if kind != JSON:
        raise HTTPException(status_code=415, detail=f"send the body as {JSON}")
    try:
        msgspec.json.decode(body, type=field.annotation)
    except msgspec.ValidationError as error:
        message, at, place = in_words(str(error)).partition(" - at ")
        place = place.strip("`") or "$"
        if (way := elsewhere(field.annotation, message)) is not None:
            raise Invalid(way, errors=[{"field": place, "message": way}]) from None
        message = with_what_is_wanted(field.annotation, message, place)
        detail = f"{message} - at `{place}`" if at else message
        raise Invalid(detail, errors=[{"field": place, "message": message}]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"the body is no JSON: {error}") from None
    except RecursionError:
        raise Invalid("the body is nested too deeply") from None
