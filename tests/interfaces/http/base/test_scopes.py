"""Weaker keys of the same tenant, on every route of the description, before and after a stronger one has asked the same.

Whatever a key may not do it may not do by repeating what another has done either: what is kept is no way around a scope, nor is a stream.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from domain.tenancy.scopes import SCOPES
from interfaces.http import EXAMPLES
from interfaces.http.base import following as live
from tests.interfaces.http.conftest import OPERATOR, Customer, settled

STREAM = "text/event-stream"
REPLAYED = "Idempotency-Replayed"
WRITES = ("post", "put", "patch", "delete")
STATES = {f"/v1/tenants/{{tenant}}{state}" for state in ("", "/suspend", "/resume", "/restore")}
"""Where the operator would take the tenant away that all this is tried on."""

ERASING = [("post", "/v1/customers/forget"), ("delete", "/v1/documents/{document}")]
"""What is kept goes with what these erase, as soon as somebody comes to it: they come last."""


class Route(NamedTuple):
    """A row of the matrix: a route of the description, asked in one way."""

    method: str
    path: str
    scope: str | None
    """None: the operator's alone."""
    operator: bool
    """Whether the operator may come as well."""
    request: dict[str, Any]


def rows(description: dict[str, Any]) -> Iterator[Route]:
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if not path.startswith("/v1"):
                continue
            told = operation["description"].rpartition("Needs ")[2]
            scope = next((scope for scope in SCOPES if f"`{scope}`" in told), None)
            operator = "the operator's key" in told
            request: dict[str, Any] = {}
            if (method, path) == ("post", "/v1/documents"):
                request = {"files": {"file": ("a.txt", b"Ours.")}}
            elif method in ("post", "put", "patch"):
                request = {"json": EXAMPLES.get((method, path), {})}
            yield Route(method, path, scope, operator, request)
            if path == "/v1/chat/completions":
                body = {**request["json"], "stream": True}
                yield Route(method, path, scope, operator, {"json": body})
            elif STREAM in operation["responses"].get("200", {}).get("content", {}) and method != "get":
                body = {**request["json"], "message_id": str(uuid4())}
                yield Route(method, path, scope, operator, {"json": body, "headers": {"Accept": STREAM}})


def last(route: Route) -> bool:
    return (route.method, route.path) in ERASING


async def test_no_scope_is_passed_by_what_is_kept_nor_by_a_stream(
    ours: Customer, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST", 0.1)
    made = await ours.http.post("/v1/documents", files={"file": ("b.txt", b"We open at nine.")})
    await settled(ours, made.headers["Location"])
    shown = (await ours.ask("When do you open?")).json()
    spare = (await ours.http.post("/v1/keys", json={"name": "spare", "scopes": ["audit:read"]})).json()
    ids = defaultdict[str, str](lambda: shown["id"])  # of other kinds there is nothing
    ids |= {
        "interaction": shown["id"],
        "conversation": shown["conversation"],
        "document": made.json()["id"],
        "tenant": str(ours.tenant),
        "key": spare["id"],
        "kind": "conversation",
        "flag": "full_agent",
        "provider": "none",
        "account": "none",
        "media": shown["id"],
        "endpoint": shown["id"],
        "correction": shown["id"],
        "evaluation": shown["id"],
        "experiment": shown["id"],
        "job": shown["id"],
        "deployment": shown["id"],
        "dataset": shown["id"],
        "training_set": shown["id"],
        "name": "none",
        "id": shown["conversation"],
    }
    single = {scope: await ours.limited(scope) for scope in SCOPES}
    lacking = {scope: await ours.limited(*(s for s in SCOPES if s != scope)) for scope in SCOPES}
    revoked = await ours.limited(*SCOPES)
    newest = (await ours.http.get("/v1/keys?limit=200")).json()["items"][-1]["id"]
    assert (await ours.http.delete(f"/v1/keys/{newest}")).status_code == 204
    operator = {"Authorization": f"Bearer {OPERATOR}"}
    streams, kept = 0, 0

    async def ask(route: Route, headers: dict[str, str], name: str) -> httpx.Response:
        more = dict(route.request)
        given = {**more.pop("headers", {}), **headers}
        if route.method in WRITES:
            given["Idempotency-Key"] = name
        reply = await anyone.request(route.method, route.path.format_map(ids), headers=given, **more)
        assert reply.status_code < 500, (route, reply.text)
        return reply

    routes = list(rows((await anyone.get("/schema")).json()))
    for route in sorted(routes, key=last):
        name = str(uuid4())
        weaker = [headers for scope, headers in single.items() if scope != route.scope]
        weaker.append(lacking[route.scope] if route.scope else {"X-Tenant-API-Key": ours.key})
        if not route.operator:
            weaker.append(operator)

        async def refused(route: Route = route, name: str = name, weaker: Any = weaker) -> None:
            for headers in weaker:
                reply = await ask(route, headers, name)
                assert (reply.status_code, REPLAYED in reply.headers) == (403, False), (route, reply.text)
                problem = reply.json()
                assert problem["type"] == "/problems/forbidden"
                assert set(problem) <= {"type", "title", "status", "detail", "scope", "error"}, problem
                assert problem.get("scope") == (None if headers is operator else route.scope)
            for headers in ({}, revoked):
                reply = await ask(route, headers, name)
                assert (reply.status_code, REPLAYED in reply.headers) == (401, False), (route, reply.text)

        await refused()
        if route.scope is None and (route.path in STATES):
            continue
        strong = {"X-Tenant-API-Key": ours.key} if route.scope else operator
        first = await ask(route, strong, name)
        assert first.status_code not in (401, 403), (route, first.text)
        assert REPLAYED not in first.headers, (route, "it is the first that was let in")
        streams += first.headers.get("Content-Type", "").startswith(STREAM)
        if route.method in WRITES:
            await refused()
        if route.scope:  # another key that may do it does it by itself
            peer = await ask(route, single[route.scope], name)
            assert peer.status_code not in (401, 403), (route, peer.text)
            assert REPLAYED not in peer.headers, route
        if route.method in WRITES and not last(route) and first.status_code != 429:
            again = await ask(route, strong, name)
            assert (again.status_code, again.content) == (first.status_code, first.content), route
            assert again.headers[REPLAYED] == "true", route
            kept += 1
    assert len(routes) > 60
    assert kept > 25
    assert streams == 5, (
        "the followed log, a followed conversation, the feed of figures, an answer and a completion"
    )
