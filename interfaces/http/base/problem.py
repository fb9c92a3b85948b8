"""The response with a problem: RFC 9457 problem details, and the error that clients of OpenAI's read."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response

from domain.base.plain_digits import to_json
from interfaces.http.base.openai_error import error_of, spoken
from interfaces.http.base.problem_kinds import TITLES

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The body of an error; further members may follow (RFC 9457, section 3.2)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []


def problem(
    request: Request[Any, Any, Any] | None,
    kind: str,
    detail: str,
    headers: dict[str, str] | None = None,
    status: int | None = None,
    **facts: Any,
) -> Response[bytes]:
    """A response with a problem as its body, and where a client of OpenAI's may have asked, with the error that it reads."""
    if request is not None and spoken(request):
        facts["error"] = error_of(kind, detail, facts)
    status = status or TITLES[kind][0]
    return Response(
        to_json({**facts, **body_of(kind, detail, status)}),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=headers or {},
    )


def body_of(kind: str, detail: str, status: int | None = None) -> dict[str, Any]:
    """A problem's own members. `status`: another one than its kind's."""
    usual, title = TITLES[kind]
    body = Problem(type=f"/problems/{kind}", title=title, status=status or usual, detail=detail)
    told: dict[str, Any] = msgspec.to_builtins(body)
    return told
