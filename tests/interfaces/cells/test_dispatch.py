"""Several databases below one deployment: a request is answered by its tenant's, wherever that is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.moving.move import move
from infra.moving.side import side
from infra.settings import MAIN, Secret, Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Cells, services
from interfaces.cells.dispatch import Dispatch
from tests.interfaces.http.conftest import MASTER, OPERATOR, UNLIMITED


class World:
    """A deployment of two cells."""

    def __init__(self, settings: Settings, cells: Cells, http: httpx.AsyncClient) -> None:
        self.settings, self.cells, self.http = settings, cells, http

    async def create(self, name: str, **more: str) -> dict[str, Any]:
        made = await self.http.post("/v1/tenants", json={"name": name, **more}, headers=operator())
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    async def ask(self, key: str, text: str = "When are you open?") -> httpx.Response:
        body = {"customer": {"channel": "http", "address": "ann"}, "text": text, "wait": 30}
        return await self.http.post("/v1/messages", json=body, headers=bearer(key))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def operator() -> dict[str, str]:
    return bearer(OPERATOR)


@pytest_asyncio.fixture(scope="module", name="world")
async def _world(
    servers: Servers, database_url: str, other_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    settings = Settings(
        database_url=Secret(database_url),
        cells=Secret(f"west={other_url}"),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        **UNLIMITED,
    )
    cells = Cells(list(settings.by_cell))
    dispatch = Dispatch(cells)
    async with AsyncExitStack() as stack:
        for name, each in settings.by_cell.items():
            parts = await stack.enter_async_context(services(each, pool=4, name=name, cells=cells))
            stack.enter_context(dispatch.serving(name, create_app(parts)))
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(dispatch), base_url="http://retrace", timeout=60
        )
        yield World(settings, cells, await stack.enter_async_context(http))


async def test_each_tenant_is_served_by_the_cell_that_has_it(world: World) -> None:
    made = [await world.create(f"Tenant {number}") for number in range(2)]
    assert {each["cell"] for each in made} == {MAIN, "west"}  # the one with the fewest has the next
    chosen = await world.create("Chosen", cell="west")
    assert chosen["cell"] == "west"
    for each in (*made, chosen):
        answered = await world.ask(each["key"])
        assert answered.status_code == 200
        assert await world.cells.whose(UUID(each["id"])) == each["cell"]
        there = world.cells.named(each["cell"])
        assert await there.reads.head(UUID(each["id"])) == int(answered.headers["Retrace-Position"])
    rated = await world.http.post(
        "/v1/bot/feedback/submit",
        json={
            "agent_interaction_id": answered.json()["id"],
            "rating": "helpful",
            "feedback_token": answered.json()["feedback_token"],
        },
    )
    assert (rated.status_code, rated.json()["rating"]) == (200, "helpful")  # a guest, who has the token alone


async def test_the_operator_sees_the_tenants_of_all_cells(world: World) -> None:
    made = [await world.create(f"Listed {cell}", cell=cell) for cell in (MAIN, "west")]
    listed: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await world.http.get("/v1/tenants", params=asked, headers=operator())).json()
        listed += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert [each["id"] for each in listed] == sorted(each["id"] for each in listed)
    cell_of = {each["id"]: each["cell"] for each in listed}
    for each in made:
        assert cell_of[each["id"]] == each["cell"]
        path = f"/v1/tenants/{each['id']}"
        renamed = await world.http.patch(path, json={"name": "Other"}, headers=operator())
        assert (renamed.status_code, renamed.json()["cell"]) == (200, each["cell"])
    unknown = await world.http.post(
        "/v1/tenants", json={"name": "Nowhere", "cell": "east"}, headers=operator()
    )
    assert (unknown.status_code, "main, west" in unknown.json()["detail"]) == (404, True)


async def test_a_key_of_another_cell_opens_nothing(world: World) -> None:
    ours, theirs = await world.create("Ours", cell=MAIN), await world.create("Theirs", cell="west")
    for key, tenant in ((ours["key"], theirs["id"]), (theirs["key"], ours["id"])):
        refused = await world.http.get(
            "/v1/conversations", headers={"X-Tenant-ID": tenant, "X-Tenant-API-Key": key}
        )
        assert refused.status_code == 401
        other = await world.http.get(f"/v1/tenants/{tenant}", headers=bearer(key))
        assert other.status_code == 404
    nobody = await world.http.get("/v1/conversations", headers=bearer(ours["key"][:-3] + "AAA"))
    assert nobody.status_code == 401


async def test_who_has_moved_to_another_cell_is_found_there(world: World) -> None:
    made = await world.create("Mover", cell=MAIN)
    tenant = UUID(made["id"])
    assert (await world.ask(made["key"])).status_code == 200
    for here, there in ((MAIN, "west"), ("west", MAIN)):
        parts = world.cells.named(here), world.cells.named(there)
        async with (
            side(parts[0].cell, parts[0].files.blobs, here) as source,
            side(parts[1].cell, parts[1].files.blobs, there) as target,
        ):
            await move(tenant, source, target)
        assert await world.cells.whose(tenant) == here  # as it was: the cell itself says that it is gone
        for _ in range(2):
            answered = await world.ask(made["key"], "And on Sundays?")
            assert answered.status_code in (200, 503), answered.text
            if answered.status_code == 503:  # what was begun just then is to be sent again
                assert "Retry-After" in answered.headers
        assert answered.status_code == 200
        assert await world.cells.whose(tenant) == there
        shown = await world.http.get(f"/v1/tenants/{tenant}", headers=operator())
        assert shown.json()["cell"] == there


async def test_who_is_handed_over_and_not_open_there_yet_is_asked_to_come_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a move is killed between its last two steps: the same command opens it."""
    made = await world.create("Arriving", cell=MAIN)
    tenant, west = UUID(made["id"]), world.cells.named("west")
    here = world.cells.named(MAIN)
    async with (
        side(here.cell, here.files.blobs, MAIN) as source,
        side(west.cell, west.files.blobs, "west") as target,
    ):
        await move(tenant, source, target)

    async def not_yet(_: UUID) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr(west.directory, "has", not_yet)
        for _ in range(2):
            answered = await world.ask(made["key"])
            assert answered.status_code == 503, answered.text
            assert "Retry-After" in answered.headers
            assert "west" in answered.json()["detail"]
    assert (await world.ask(made["key"])).status_code == 200


async def test_a_cell_that_is_away_takes_its_own_tenants_along_only(world: World) -> None:
    made = {cell: await world.create(f"Of {cell}", cell=cell) for cell in (MAIN, "west")}
    fresh = Cells(world.cells.names)  # a process that has not reached the other database yet
    dispatch = Dispatch(fresh)
    async with AsyncExitStack() as stack:
        settings = msgspec.structs.replace(world.settings)
        parts = await stack.enter_async_context(services(settings, pool=2, name=MAIN, cells=fresh))
        stack.enter_context(dispatch.serving(MAIN, create_app(parts)))
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(dispatch), base_url="http://retrace", timeout=30)
        )
        assert (await http.get("/v1/conversations", headers=bearer(made[MAIN]["key"]))).status_code == 200
        away = await http.get("/v1/conversations", headers=bearer(made["west"]["key"]))
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
        assert "west" in away.json()["detail"]
        assert "Retry-After" in away.headers
        assert (
            await http.get("/v1/tenants", headers=operator())
        ).status_code == 503  # rather than a part of it
        assert (await http.get("/healthz")).status_code == 200


async def test_figures_say_whose_they_are(world: World) -> None:
    told = (await world.http.get("/metrics")).text
    lines = [line for line in told.splitlines() if line.startswith("retrace_http_requests_total{")]
    assert {f'cell="{name}"' in line for name in world.cells.names for line in lines} == {True, False}
    assert all("cell=" in line for line in told.splitlines() if line and not line.startswith("#"))
    assert told.count("# TYPE retrace_http_requests_total ") == 1
