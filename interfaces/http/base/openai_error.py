"""Errors in OpenAI's form: what its clients read, as a member beside those of a problem and as the event that ends a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request

SPOKEN = ("/v1/chat/", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/responses")
"""Routes of OpenAI's API begin so."""

REQUEST, SERVER = "invalid_request_error", "server_error"
TYPES: Mapping[str, str] = {
    "unauthenticated": "authentication_error",
    "forbidden": "permission_error",
    "too-many-requests": "rate_limit_error",
    "budget-exhausted": "insufficient_quota",
    "provider-failed": "api_error",
    "fault": SERVER,
    "tampered": SERVER,
    "unavailable": SERVER,
}
"""Kind of problem → OpenAI's type; all others are the request's fault."""

CODES: Mapping[str, str] = {"unauthenticated": "invalid_api_key"}
"""Kind of problem → OpenAI's code, where the error itself has none."""


class OpenAIError(msgspec.Struct, frozen=True, kw_only=True):
    """`param`: the field that is wrong, as messages[0].content."""

    message: str
    type: str
    param: str | None
    code: str | None


def spoken(request: Request[Any, Any, Any]) -> bool:
    """Whether its client may be one of OpenAI's: it asks for a route of that API, or for one that is not here."""
    route = request.scope.get("path_template")
    return route is None or str(route).startswith(SPOKEN)


def error_of(kind: str, message: str, facts: Mapping[str, Any]) -> OpenAIError:
    """`kind` and `facts`: of the problem."""
    errors = facts.get("errors") or [{"field": ""}]
    param = str(errors[0]["field"]).removeprefix("$").removeprefix(".")
    return OpenAIError(
        message=message,
        type=TYPES.get(kind, REQUEST),
        param=param or None,
        code=facts.get("code") or CODES.get(kind),
    )
