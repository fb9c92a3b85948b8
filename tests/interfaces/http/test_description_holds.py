"""The description is true: a share of its operations, another one each day, is asked for what it allows and for what it does not. All of it by schemathesis:
tools/try_description.sh."""

from __future__ import annotations

import json
import os
import random
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.described_requests import Operation, Schemas

SHARE = int(os.environ.get("RETRACE_DESCRIBED", "40"))
"""Operations a run."""

LEFT_OUT = ("/stream", "/feed", "/v1/tenants", "/console", "/v1/keys/{key}")
"""Streams without an end, what is the operator's, and what would revoke the run's own key."""


async def test_what_is_asked_and_answered_is_as_described(ours: Customer, anyone: httpx.AsyncClient) -> None:
    description = (await anyone.get("/schema/openapi.json")).json()
    schemas = Schemas(description)
    all = [
        Operation(description, schemas, path, method)
        for path, item in sorted(description["paths"].items())
        for method in item
        if not any(each in path for each in LEFT_OUT)
    ]
    day = datetime.now(UTC).date()
    found, asked = list[str](), 0
    for operation in random.Random(str(day)).sample(all, min(SHARE, len(all))):
        for request in operation.requests():
            given: dict[str, Any] = {} if request.content is None else {"content": request.content}
            if request.body is not None:
                given = {"json": request.body}
            reply = await ours.http.request(
                request.method,
                request.path,
                params=request.query,
                timeout=20,
                **given,
                headers={"Content-Type": "application/json"} if request.content is not None else {},
            )
            asked += 1
            kind = reply.headers.get("Content-Type", "")
            body = _json(reply) if "json" in kind else reply.content
            why = operation.complaint(request, reply.status_code, kind, body)
            if why is not None:
                found.append(f"{operation} ({request.wrong or 'as described'}): {why}")
    assert found == [], (str(day), found)
    assert asked >= 3 * min(SHARE, len(all))


def _json(reply: httpx.Response) -> Any:
    try:
        return json.loads(reply.content)
    except ValueError:
        return reply.text
