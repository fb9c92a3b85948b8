"""The description at /schema: what each route needs, what it refuses with, and examples."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    Contact,
    Example,
    License,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Parameter,
    Reference,
    Schema,
    SecurityScheme,
)
from litestar.serialization import encode_json

from interfaces.http.base.described.finishing import finish
from interfaces.http.base.described.reference import HEADERS, page_of
from interfaces.http.base.described.schemas import describe_bodies
from interfaces.http.base.gate import is_api
from interfaces.http.base.position import DESCRIPTION as POSITION_TOLD
from interfaces.http.base.position import LONGEST, POSITION
from interfaces.http.base.problem import MEDIA_TYPE, problem
from interfaces.http.base.problem_kinds import TITLES
from interfaces.http.base.summaries import SUMMARIES
from interfaces.http.base.version import DESCRIPTION as MATCH_TOLD
from interfaces.http.base.version import MATCH, TAGS

Examples = Mapping[tuple[str, str], Any]
"""A body that a route takes, by its method and path."""

DESCRIPTION = """AI customer service whose every answer can be explained.

Send a key as `Authorization: Bearer KEY`, or as `X-Tenant-API-Key` with `X-Tenant-ID`. Times are RFC 3339 in UTC, money is a
decimal string in USD, lists are `{items, next_cursor}`; a trailing slash is optional. Errors are RFC 9457 problem details with
a stable `type`. Every write takes an `Idempotency-Key`: the same key and body give the same API key's first result again for 24 hours
(`Idempotency-Replayed: true`), another body is refused with 422, a request that still runs with 409. Every write answers with
`Retrace-Position`, which every request can send to see that write. What has a version tells it as `ETag`; a command about it takes
`If-Match`, and is refused with 409 and the current version where somebody else was first. `X-Request-ID`, a UUID, is taken over, or made, and told back."""

OPENAPI_JSON = "application/vnd.oai.openapi+json"
ADDRESSES, REFERENCE = ("/", "/openapi.json"), "/reference"
"""Behind /schema."""

_pages: dict[bytes, str] = {}
"""By the description that they show: made when somebody asks for the first time."""

STREAM = "text/event-stream"
ALWAYS = ("invalid", "unauthenticated", "forbidden", "conflict", "too-many-requests", "unavailable")
"""Each may be asked for a position that the log does not have (409), and be one too many (429)."""

ASKING = ("provider-failed",)
"""Where a model is asked."""


def _not_found(response: Response[Any]) -> Response[Any]:
    """Litestar's own page for unknown addresses below /schema is HTML."""
    if response.status_code == 404:
        return problem(None, "not-found", "there is nothing at this address; /schema describes what there is")
    return response


async def _told(request: Request[Any, Any, Any]) -> Response[bytes] | None:
    """The description, in the place of litestar's handler, which makes it anew: that takes a tenth of a second and more, and anybody may ask
    for it. None: there is nothing else at this address."""
    path = request.scope["path"].removeprefix("/schema").rstrip("/") or "/"
    if path != REFERENCE and path not in ADDRESSES:
        return None
    text = await _description_of(request.app)
    if path == REFERENCE:
        if text not in _pages:
            _pages[text] = page_of(text)
        return Response(_pages[text].encode(), media_type="text/html", headers=HEADERS)
    return Response(text, media_type=OPENAPI_JSON)


def config() -> OpenAPIConfig:
    """Of one application."""
    return OpenAPIConfig(
        title="Retrace",
        version="1",
        description=DESCRIPTION,
        contact=Contact(name="Whoever runs this deployment"),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", description="an API key, or the operator's"
                ),
                "key": SecurityScheme(type="apiKey", name="X-Tenant-API-Key", security_scheme_in="header"),
            }
        ),
        render_plugins=[JsonRenderPlugin(path=(*ADDRESSES, REFERENCE))],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            include_in_schema=False,
            before_request=_told,
            after_request=_not_found,
        ),
        use_handler_docstrings=True,
    )


_rendered: dict[tuple[str, ...], bytes] = {}
"""By the routes that it describes: all applications of a process have the same. To make it takes a second, and 20 MB that stay: who never asks has neither."""


def complete(app: Litestar, examples: Examples) -> None:
    """What litestar does not know of: scopes, problems, examples are added once somebody asks for the description."""
    app.state.examples = examples
    app.state.describing = None


async def _description_of(app: Litestar) -> bytes:
    """Made beside the loop, once in a process; those who ask meanwhile wait for the same."""
    if app.state.describing is None:
        app.state.describing = asyncio.create_task(asyncio.to_thread(_render, app))
    try:
        text: bytes = await asyncio.shield(app.state.describing)
    except Exception:
        app.state.describing = None  # the next one tries anew
        raise
    return text


def _render(app: Litestar) -> bytes:
    routes = tuple(route.path for route in app.routes)
    if routes not in _rendered:
        _describe(app, app.state.examples)
        described = app.openapi_schema.to_schema()
        describe_bodies(described, app)
        finish(described)
        _rendered[routes] = encode_json(described)
    return _rendered[routes]


def _describe(app: Litestar, examples: Examples) -> None:
    description = app.openapi_schema
    for key, summary in SUMMARIES.items():
        method, _, path = key.partition(" ")
        getattr((description.paths or {})[path], method).summary = summary
    for route in app.routes:
        item = (description.paths or {}).get(getattr(route, "path_format", ""))
        for handler in getattr(route, "route_handlers", ()):
            if item is None or not isinstance(handler, HTTPRouteHandler) or not is_api(handler):
                continue
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                operation = getattr(item, method.lower())
                example = examples.get((method.lower(), route.path_format))
                _complete(operation, handler, method.lower(), route.path_format, example)
    schemas = description.components.schemas or {}
    schemas["Problem"] = Schema(
        title="Problem",
        type=OpenAPIType.OBJECT,
        description="RFC 9457 problem details; further members may follow.",
        properties={
            "type": Schema(type=OpenAPIType.STRING, enum=[f"/problems/{kind}" for kind in TITLES]),
            "title": Schema(type=OpenAPIType.STRING),
            "status": Schema(type=OpenAPIType.INTEGER),
            "detail": Schema(type=OpenAPIType.STRING, description="What is wrong and what to do."),
            "errors": Schema(
                type=OpenAPIType.ARRAY,
                items=Schema(type=OpenAPIType.OBJECT),
                description="One for each field that is wrong.",
            ),
            "error": Schema(
                type=OpenAPIType.OBJECT,
                description="What clients of OpenAI's read: `message`, `type`, `param`, `code`.",
            ),
        },
        required=["type", "title", "status", "detail"],
    )
    description.components.schemas = schemas


def _text(description: str) -> Schema:
    return Schema(type=OpenAPIType.STRING, description=description)


def _add_headers(operation: Any, handler: HTTPRouteHandler, method: str) -> None:
    """Those that are looked at before the handler, where it does not name them itself."""
    known = {parameter.name for parameter in operation.parameters or ()}
    more = []
    if method == "get" and POSITION not in known:
        number = Schema(type=OpenAPIType.INTEGER, minimum=0, maximum=LONGEST)
        more.append(Parameter(name=POSITION, param_in="header", schema=number, description=POSITION_TOLD))
    if "versioned" in handler.opt:
        text = Schema(type=OpenAPIType.STRING, pattern=TAGS)
        more.append(Parameter(name=MATCH, param_in="header", schema=text, description=MATCH_TOLD))
    operation.parameters = [*(operation.parameters or ()), *more]


def _asks_by_id(operation: Any) -> bool:
    """Whether something is named in its query that may not be there."""
    schemas = [each.schema for each in operation.parameters or () if each.param_in == "query"]
    some = [one for each in schemas for one in (each, *(each.one_of or ()))]
    return any(each.format == "uuid" for each in some)


def _complete(operation: Any, handler: HTTPRouteHandler, method: str, path: str, example: Any) -> None:
    scope, operator = handler.opt["scope"], handler.opt.get("operator", False)
    who = [f"a key with the scope `{scope}`"] if scope else []
    who += ["the operator's key"] if operator else []
    who += ["what gives the right in the body"] if handler.opt.get("guests") else []
    operation.description = f"{operation.description or ''}\n\nNeeds {' or '.join(who)}.".strip()
    operation.security = [{"bearer": []}, {"key": []}] if scope else [{"bearer": []}]
    if handler.opt.get("guests"):
        operation.security.append({})  # none at all
    kinds = [*ALWAYS]
    if "{" in path or operation.request_body is not None or _asks_by_id(operation):
        kinds.append("not-found")
    if "{" in path or method != "get":
        kinds += ["refused"]
    if operation.request_body is not None:
        kinds += ["too-slow", "too-large", "unsupported-media-type"]
    if "streamed" in handler.opt or handler.opt.get("rate") == "answers":
        kinds += ASKING
    for kind in kinds:
        status, title = TITLES[kind]
        operation.responses[str(status)] = OpenAPIResponse(
            description=title,
            content={MEDIA_TYPE: OpenAPIMediaType(schema=Reference(ref="#/components/schemas/Problem"))},
        )
    _add_headers(operation, handler, method)
    if streamed := handler.opt.get("streamed"):
        good = operation.responses["200"]
        good.content = {**(good.content or {}), STREAM: OpenAPIMediaType(schema=_text(streamed))}
    if example is not None:
        for content in operation.request_body.content.values():
            content.examples = {"usual": Example(value=example)}
