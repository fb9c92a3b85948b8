"""Keys, scopes, tenants."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from application.tenancy import newcomers
from application.tenancy.authentication import authenticate
from application.tenancy.key_text import drawn
from domain.base.errors import Unauthenticated
from domain.tenancy.scopes import SCOPES
from infra.postgres.database import Database
from interfaces.asgi import create_app, routes
from interfaces.bootstrap import Services
from interfaces.http import EXAMPLES
from interfaces.http.base.gate import is_api
from tests.interfaces.http.conftest import OPERATOR, Customer
from tests.until import PATIENCE

AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}


def wrong(key: str) -> list[dict[str, str]]:
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")
    other = key[:10] + ("A" if key[10] != "A" else "B") + key[11:]
    return [
        {},
        {"X-Tenant-API-Key": ""},
        {"X-Tenant-API-Key": "rt_"},
        {"X-Tenant-API-Key": changed[:40]},
        {"X-Tenant-API-Key": other},
        {"X-Tenant-API-Key": key, "X-Tenant-ID": str(uuid4())},
        {"X-Tenant-API-Key": key, "X-Tenant-ID": "mine"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {key}"},
        {"Authorization": "Bearer " + "a" * 5000},
        {"Authorization": f"Bearer {OPERATOR}x"},
    ]


async def test_a_wrong_key_is_401_whatever_is_wrong(ours: Customer, anyone: httpx.AsyncClient) -> None:
    for headers in wrong(ours.key):
        reply = await anyone.get("/v1/conversations", headers=headers)
        assert reply.status_code == 401, headers
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        assert reply.json()["type"] == "/problems/unauthenticated"


async def test_a_key_comes_in_either_header(ours: Customer, anyone: httpx.AsyncClient) -> None:
    for headers in (
        {"X-Tenant-API-Key": ours.key, "X-Tenant-ID": str(ours.tenant)},
        {"X-Tenant-API-Key": ours.key},
        {"Authorization": f"Bearer {ours.key}"},
        {"Authorization": f"bearer {ours.key}", "X-Tenant-ID": ours.tenant.hex},
    ):
        assert (await anyone.get("/v1/conversations", headers=headers)).status_code == 200


async def test_a_key_without_the_scope_is_403_and_told_which(
    ours: Customer, anyone: httpx.AsyncClient
) -> None:
    headers = await ours.limited("audit:read")
    reply = await anyone.get("/v1/conversations", headers=headers)
    assert reply.status_code == 403
    assert reply.json()["scope"] == "conversations:read"
    assert (await anyone.get("/v1/projections", headers=headers)).status_code == 200


def test_every_route_of_the_api_says_what_it_asks_of_the_caller() -> None:
    for route in routes(()).routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and is_api(handler) and handler.name != "OPTIONS":
                if handler.http_methods == {"OPTIONS"}:
                    continue
                assert "scope" in handler.opt, handler
                assert handler.opt["scope"] in (*SCOPES, None)
                assert handler.opt["scope"] or handler.opt["operator"], handler


def test_no_route_has_two_dependencies_resolved_at_once() -> None:
    """Litestar makes a task group for them, which takes longer than they do."""
    models = [
        (route.path, model)
        for route in routes(()).routes
        for _, model in getattr(route, "route_handler_map", {}).values()
    ]
    assert sum(len(model.dependency_batches) > 1 for _, model in models) > 20
    for path, model in models:
        assert all(len(batch) == 1 for batch in model.dependency_batches), path


async def test_a_scope_is_asked_for_on_every_route(ours: Customer, anyone: httpx.AsyncClient) -> None:
    description = (await anyone.get("/schema")).json()
    keys = {scope: await ours.limited(*(s for s in SCOPES if s != scope)) for scope in SCOPES}
    tried = 0
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if not path.startswith("/v1"):
                continue
            told = operation["description"].rpartition("Needs ")[2]
            lacking = next((scope for scope in SCOPES if f"`{scope}`" in told), None)
            headers: dict[str, Any] = keys[lacking] if lacking else {"X-Tenant-API-Key": ours.key}
            filled = path
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    value = str(uuid4()) if parameter["schema"].get("format") == "uuid" else "abc"
                    filled = filled.replace(f"{{{parameter['name']}}}", value)
            assert "{" not in filled, path
            reply = await anyone.request(method.upper(), filled, headers=headers)
            assert reply.status_code == 403, (method, path, reply.text)
            guests = {} in operation["security"]  # there the body is to give the right
            more = {"json": EXAMPLES[method, path]} if guests else {}
            reply = await anyone.request(method.upper(), filled, **more)
            assert reply.status_code == 401, (method, path)
            tried += 1
    assert tried > 20


async def test_a_key_is_issued_rotated_and_revoked(ours: Customer, anyone: httpx.AsyncClient) -> None:
    made = await ours.http.post("/v1/keys", json={"name": "shop", "scopes": ["conversations:read"]})
    assert made.status_code == 201
    assert int(made.headers["Retrace-Position"]) > 0
    first = {"X-Tenant-API-Key": made.json()["secret"]}
    assert (await anyone.get("/v1/conversations", headers=first)).status_code == 200
    rotated = await ours.http.post(f"/v1/keys/{made.json()['id']}/rotate", json={"overlap_hours": 1})
    assert rotated.status_code == 201
    second = {"X-Tenant-API-Key": rotated.json()["secret"]}
    for headers in (first, second):
        assert (await anyone.get("/v1/conversations", headers=headers)).status_code == 200
    gone = await ours.http.delete(f"/v1/keys/{made.json()['id']}")
    assert gone.status_code == 204
    assert gone.content == b""
    assert "Retrace-Position" in gone.headers
    again = await ours.http.delete(f"/v1/keys/{made.json()['id']}")
    assert again.status_code == 204  # it is revoked already
    assert "Retrace-Position" in again.headers
    await asyncio.sleep(1.1)
    assert (await anyone.get("/v1/conversations", headers=first)).status_code == 401
    assert (await anyone.get("/v1/conversations", headers=second)).status_code == 200
    shown = (await ours.http.get(f"/v1/keys/{made.json()['id']}")).json()
    assert shown["revoked"] is True
    assert shown["name"] == "shop"
    assert "secret" not in shown


async def test_a_list_of_keys_has_no_secrets_and_tells_the_last_use(ours: Customer) -> None:
    await ours.http.get("/v1/keys")
    reply = await ours.http.get("/v1/keys")
    first = reply.json()["items"][0]
    assert first["name"] == "first key"
    assert datetime.fromisoformat(first["last_used_at"]) > datetime.now(UTC) - timedelta(minutes=2)
    assert "secret" not in reply.text
    assert ours.key not in reply.text


async def test_a_key_expires(ours: Customer, anyone: httpx.AsyncClient, parts: Services) -> None:
    until = parts.clock() + timedelta(hours=1)
    body = {"name": "short", "scopes": ["audit:read"], "expires_at": until.isoformat()}
    key = {"X-Tenant-API-Key": (await ours.http.post("/v1/keys", json=body)).json()["secret"]}
    assert (await anyone.get("/v1/projections", headers=key)).status_code == 200

    for at, status in ((until - timedelta(seconds=1), 200), (until, 401)):
        then = create_app(dataclasses.replace(parts, clock=lambda at=at: at))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(then), base_url="http://then") as http:
            assert (await http.get("/v1/projections", headers=key)).status_code == status


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"name": ""},
        {"name": " "},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59-23:59"},
        {"expires_at": "soon"},
        {"secret": "mine"},
    ],
)
async def test_a_key_that_can_not_be_is_400(ours: Customer, change: dict[str, object]) -> None:
    body = {"name": "a", "scopes": ["audit:read"], **change}
    reply = await ours.http.post("/v1/keys", json=body)
    assert reply.status_code == 400, reply.text


async def test_keys_that_are_not_there_are_404(ours: Customer, theirs: Customer) -> None:
    id = (await theirs.http.get("/v1/keys")).json()["items"][0]["id"]
    for key in (id, "nothing", "x" * 32):
        assert (await ours.http.get(f"/v1/keys/{key}")).status_code == 404
        assert (await ours.http.delete(f"/v1/keys/{key}")).status_code == 404
        assert (await ours.http.post(f"/v1/keys/{key}/rotate")).status_code == 404


async def test_the_operators_key_opens_nothing_of_a_tenant(ours: Customer, anyone: httpx.AsyncClient) -> None:
    for path in ("/v1/conversations", "/v1/keys", "/v1/documents", "/v1/audit/events"):
        headers = {**AS_OPERATOR, "X-Tenant-ID": str(ours.tenant)}
        assert (await anyone.get(path, headers=headers)).status_code == 403


async def test_the_operator_names_no_other_tenant_than_the_address_does(
    ours: Customer, theirs: Customer, anyone: httpx.AsyncClient
) -> None:
    for name, status in ((ours.tenant, 200), (theirs.tenant, 401), ("mine", 401)):
        headers = {**AS_OPERATOR, "X-Tenant-ID": str(name)}
        reply = await anyone.get(f"/v1/tenants/{ours.tenant}", headers=headers)
        assert reply.status_code == status, reply.text


async def test_credentials_that_contradict_each_other_are_401(
    ours: Customer, theirs: Customer, anyone: httpx.AsyncClient
) -> None:
    a, b = ours.key, theirs.key
    key, bearer, tenant = "X-Tenant-API-Key", "Authorization", "X-Tenant-ID"
    for headers in (
        [(bearer, f"Bearer {a}"), (key, b)],
        [(bearer, f"Bearer {b}"), (key, a)],
        [(bearer, f"Bearer {a}"), (key, "rt_nonsense")],
        [(key, a), (key, b)],
        [(key, b), (key, a)],
        [(bearer, f"Bearer {a}"), (bearer, f"bearer {b}")],
        [(bearer, f"Bearer {OPERATOR}"), (key, a)],
        [(key, a), (tenant, str(theirs.tenant))],
        [(key, a), (tenant, str(ours.tenant)), (tenant, str(theirs.tenant))],
        [(key, a), (tenant, "")],
    ):
        for method, path in (("GET", "/v1/tenants"), ("POST", "/v1/keys"), ("POST", "/v1/documents")):
            reply = await anyone.request(method, path, headers=headers)
            assert reply.status_code == 401, (method, path, headers)
            assert reply.headers["WWW-Authenticate"].startswith("Bearer")
            for word in ("several", "another tenant's"):
                if word in reply.json()["detail"]:
                    break
            else:
                pytest.fail(reply.text)
            assert a[-20:] not in reply.text
            assert b[-20:] not in reply.text


async def test_the_same_credential_may_stand_there_twice(ours: Customer, anyone: httpx.AsyncClient) -> None:
    key, bearer, tenant = "X-Tenant-API-Key", "Authorization", "X-Tenant-ID"
    for headers in (
        [(bearer, f"Bearer {ours.key}"), (key, ours.key)],
        [(key, ours.key), (key, f" {ours.key} ")],
        [(bearer, f"Bearer {ours.key}"), (key, "")],
        [(bearer, "Basic YTpi"), (key, ours.key)],  # of a proxy that stands before it
        [(key, ours.key), (tenant, str(ours.tenant).upper()), (tenant, ours.tenant.hex)],
    ):
        assert (await anyone.get("/v1/tenants", headers=headers)).status_code == 200, headers


async def test_a_body_is_not_read_before_the_scope_is_known(
    ours: Customer, anyone: httpx.AsyncClient
) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x" * 1000

    for more in ({}, {"Idempotency-Key": "unread"}):
        for headers in ({"X-Tenant-API-Key": ours.key[:-4]}, await ours.limited("audit:read")):
            reply = await anyone.post("/v1/documents", content=body(), headers={**headers, **more})
            assert reply.status_code in (401, 403)
    assert read == 0


class Held:
    """Reads of a database for some tenants: counted, and held up."""

    def __init__(self, database: Database, tenants: Collection[UUID]) -> None:
        self.tenants, self.go_on = set(tenants), asyncio.Event()
        self.times = self.under_way = self.most = 0
        self._really = database.read_all

    async def read_all(self, id: UUID, *statements: Any) -> Any:
        if id in self.tenants:
            self.times += 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await self.go_on.wait()
            self.under_way -= 1
        return await self._really(id, *statements)


async def test_who_makes_tenants_up_has_few_turns_at_the_database_and_holds_up_nobody_who_is_known(
    ours: Customer, parts: Services, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await ours.http.get("/v1/keys")).status_code == 200
    invented = [uuid4() for _ in range(40)]
    keys = [{"X-Tenant-API-Key": drawn(tenant)[1]} for tenant in invented]
    held = Held(parts.database, invented)
    monkeypatch.setattr(parts.database, "read_all", held.read_all)
    asking = [asyncio.create_task(anyone.get("/v1/keys", headers=key)) for key in keys]
    while held.under_way < 4:
        await asyncio.sleep(0)
    assert (await ours.http.get("/v1/keys")).status_code == 200
    held.go_on.set()
    assert {reply.status_code for reply in await asyncio.gather(*asking)} == {401}
    assert (held.times, held.most) == (40, 4)


async def test_a_newcomer_who_gets_no_turn_in_time_is_told_to_come_again(
    parts: Services, anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    invented = [uuid4() for _ in range(6)]
    keys = [{"X-Tenant-API-Key": drawn(tenant)[1]} for tenant in invented]
    held = Held(parts.database, invented)
    monkeypatch.setattr(parts.database, "read_all", held.read_all)
    asking = [asyncio.create_task(anyone.get("/v1/keys", headers=key)) for key in keys[:4]]
    while held.under_way < 4:
        await asyncio.sleep(0)
    with monkeypatch.context() as hasty:
        hasty.setattr(newcomers, "WAIT", 0.01)
        async with asyncio.timeout(PATIENCE):
            late = await anyone.get("/v1/keys", headers=keys[4])
    assert (late.status_code, late.json()["type"]) == (503, "/problems/unavailable")
    assert int(late.headers["Retry-After"]) > 0
    held.go_on.set()
    assert {reply.status_code for reply in await asyncio.gather(*asking)} == {401}
    assert (await anyone.get("/v1/keys", headers=keys[5])).status_code == 401  # all places are free again


async def test_many_unknown_keys_of_a_tenants_are_looked_for_together(
    ours: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await ours.http.get("/v1/keys")).status_code == 200
    held = Held(parts.database, [ours.tenant])
    held.go_on.set()
    monkeypatch.setattr(parts.database, "read_all", held.read_all)
    keys = [drawn(ours.tenant)[1] for _ in range(50)]
    of = {"store": parts.store, "clock": parts.clock, "newcomers": parts.newcomers}
    tried = await asyncio.gather(*(authenticate(key, None, **of) for key in keys), return_exceptions=True)
    assert {type(error) for error in tried} == {Unauthenticated}
    assert 1 <= held.times < 10
