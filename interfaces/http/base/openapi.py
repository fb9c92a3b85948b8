"""The description at /schema: what each route needs, what it refuses with, and examples."""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request, Response, Router
from litestar._openapi.plugin import OpenAPIPlugin  # nothing public makes it before a request
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Parameter,
    Reference,
    Schema,
    SecurityScheme,
)
from litestar.serialization import encode_json

from interfaces.http.base.gate import is_api
from interfaces.http.base.position import DESCRIPTION as POSITION_TOLD
from interfaces.http.base.position import LONGEST, POSITION
from interfaces.http.base.problem import MEDIA_TYPE, problem
from interfaces.http.base.problem_kinds import TITLES
from interfaces.http.base.summaries import SUMMARIES
from interfaces.http.base.version import DESCRIPTION as MATCH_TOLD
from interfaces.http.base.version import MATCH

DESCRIPTION = """AI customer service whose every answer can be explained.

Send a key as `Authorization: Bearer KEY`, or as `X-Tenant-API-Key` with `X-Tenant-ID`. Times are RFC 3339 in UTC, money is a
decimal string in USD, lists are `{items, next_cursor}`; a trailing slash is optional. Errors are RFC 9457 problem details with
a stable `type`. Every write takes an `Idempotency-Key`: the same key and body give the same API key's first result again for 24 hours
(`Idempotency-Replayed: true`), another body is refused with 422, a request that still runs with 409. Every write answers with
`Retrace-Position`, which every request can send to see that write. What has a version tells it as `ETag`; a command about it takes
`If-Match`, and is refused with 409 and the current version where somebody else was first. `X-Request-ID`, a UUID, is taken over, or made, and told back."""

EXAMPLES: dict[tuple[str, str], Any] = {
    ("post", "/v1/messages"): {
        "customer": {"channel": "http", "address": "ann@example.com", "name": "Ann"},
        "text": "When are you open on Saturdays?",
        "message_id": "app-4711",
        "wait": 30,
    },
    ("post", "/v1/providers/health/reset"): {"provider": "openai", "model": "gpt-6-luna"},
    ("post", "/v1/chat/completions"): {
        "model": "agent",
        "messages": [{"role": "user", "content": "When are you open on Saturdays?"}],
    },
    ("post", "/v1/customers/forget"): {"channel": "http", "address": "ann@example.com"},
    ("put", "/v1/retention"): {"days": 365},
    ("post", "/v1/audit/wrote"): {"text": "Express shipping costs 12.50 euros."},
    ("post", "/v1/search"): {"query": "opening hours", "limit": 3},
    ("put", "/v1/agent/configuration"): {
        "name": "Nora",
        "tone": "warm",
        "default_model": "local/extractive",
        "restrictions": ["never promise a delivery date"],
    },
    ("post", "/v1/agent/configuration/restore"): {"version": 1},
    ("post", "/v1/conversations/{conversation}/close"): {"reason": "solved"},
    ("put", "/v1/providers/{provider}/key"): {"key": "sk-0123456789abcdef"},
    ("put", "/v1/budgets"): {"day": "25", "month": "400", "soft": [0.8, 1.0], "on_hard": "degrade"},
    ("put", "/v1/models"): {
        "id": "together/nordfell/support-8b",
        "context_window": 32_768,
        "max_output": 4_096,
        "abilities": ["stream", "system"],
    },
    ("put", "/v1/prices"): {
        "model": "together/nordfell/support-8b",
        "input": "0.20",
        "cached": "0.05",
        "output": "0.60",
    },
    ("post", "/v1/prices/corrections"): {
        "corrects": "openai/gpt-6.1-terra@2026-10-26",
        "input": "0.95",
        "cached": "0.05",
        "output": "4.75",
        "reason": "our contract has a discount of 5 %",
    },
    ("put", "/v1/routing"): {
        "tiers": {
            "simple_queries": {"provider": "openai", "model": "gpt-6-luna", "reason": "quick and cheap"},
            "default": {"provider": "openai", "model": "gpt-6.1-terra", "reason": "the usual one"},
            "complex_reasoning": {"provider": "openai", "model": "gpt-6.1-sol", "reason": "thinks first"},
            "large_context": {
                "provider": "gemini",
                "model": "gemini-3.8-flash",
                "reason": "reads a million tokens",
            },
        },
        "thresholds": {"simple_below": 0.3, "complex_above": 0.7, "large_context_above": 100_000},
        "failover": ["openai/gpt-6.1-terra", "local/extractive"],
    },
    ("post", "/v1/routing/restore"): {"version": 1},
    ("post", "/v1/routing/explain"): {"text": "Compare the two plans for 15 people, please.", "turns": 2},
    ("post", "/v1/keys"): {"name": "shop front", "scopes": ["conversations:write", "conversations:read"]},
    ("post", "/v1/keys/{key}/rotate"): {"overlap_hours": 24},
    ("post", "/v1/tenants/{tenant}/keys"): {"name": "way back in", "scopes": ["tenants:admin"]},
    ("post", "/v1/tenants"): {"name": "Nordfell Outdoor"},
    ("patch", "/v1/tenants/{tenant}"): {"name": "Nordfell"},
    ("put", "/v1/flags/{flag}"): {"on": True, "percentage": 5},
    ("post", "/v1/flags/{flag}/rollout"): {
        "steps": [{"percentage": 20, "hold_hours": 24}, {"percentage": 100}],
        "automatic": False,
        "limits": {"failure_rate": {"worse": 0.02}, "cost": {"most": 0.01}},
    },
    ("post", "/v1/flags/{flag}/rollout/stop"): {"reason": "complaints by phone", "back": True},
    ("post", "/v1/tenants/{tenant}/suspend"): {"reason": "the contract has ended"},
}
"""Bodies that a route takes, each tried by a test."""

STREAM = "text/event-stream"
ALWAYS = ("invalid", "unauthenticated", "forbidden", "unavailable")


def _not_found(response: Response[Any]) -> Response[Any]:
    """Litestar's own page for unknown addresses below /schema is HTML."""
    if response.status_code == 404:
        return problem(None, "not-found", "there is nothing at this address; /schema describes what there is")
    return response


class Rendered(JsonRenderPlugin):
    """The description as JSON. It is made once: that takes a tenth of a second and more, and anybody may ask for it."""

    text = b""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return self.text


def config() -> OpenAPIConfig:
    """Of one application."""
    return OpenAPIConfig(
        title="Retrace",
        version="1",
        description=DESCRIPTION,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", description="an API key, or the operator's"
                ),
                "key": SecurityScheme(type="apiKey", name="X-Tenant-API-Key", security_scheme_in="header"),
            }
        ),
        render_plugins=[Rendered(path=["/", "/openapi.json"])],
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, after_request=_not_found
        ),
        use_handler_docstrings=True,
    )


def complete(app: Litestar) -> None:
    """Add to the description what litestar does not know of: scopes, problems, examples. Then it is rendered."""
    _describe(app)
    assert app.openapi_config is not None
    (plugin,) = app.openapi_config.render_plugins
    assert isinstance(plugin, Rendered)
    plugin.text = encode_json(app.plugins.get(OpenAPIPlugin).provide_openapi_schema())


def _describe(app: Litestar) -> None:
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
                _complete(getattr(item, method.lower()), handler, method.lower(), route.path_format)
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
            "errors": Schema(type=OpenAPIType.ARRAY, description="One for each field that is wrong."),
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
        text = Schema(type=OpenAPIType.STRING)
        more.append(Parameter(name=MATCH, param_in="header", schema=text, description=MATCH_TOLD))
    operation.parameters = [*(operation.parameters or ()), *more]


def _complete(operation: Any, handler: HTTPRouteHandler, method: str, path: str) -> None:
    scope, operator = handler.opt["scope"], handler.opt.get("operator", False)
    who = [f"a key with the scope `{scope}`"] if scope else []
    who += ["the operator's key"] if operator else []
    operation.description = f"{operation.description or ''}\n\nNeeds {' or '.join(who)}.".strip()
    operation.security = [{"bearer": []}, {"key": []}] if scope else [{"bearer": []}]
    kinds = [*ALWAYS]
    if "{" in path:
        kinds.append("not-found")
    if method != "get":
        kinds += ["conflict", "refused"]
    if operation.request_body is not None:
        kinds += ["too-slow", "too-large", "unsupported-media-type"]
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
    if (method, path) in EXAMPLES:
        for content in operation.request_body.content.values():
            content.examples = {"usual": Example(value=EXAMPLES[method, path])}
