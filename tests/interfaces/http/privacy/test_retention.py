from __future__ import annotations

import httpx
import pytest

from tests.interfaces.http.conftest import Customer


async def test_conversations_are_kept_for_ever_until_days_are_set(ours: Customer) -> None:
    assert (await ours.http.get("/v1/retention")).json() == {"days": None}
    said = await ours.http.put("/v1/retention", json={"days": 90})
    assert (said.status_code, said.json()) == (200, {"days": 90})
    assert int(said.headers["Retrace-Position"]) > 0
    assert (await ours.http.get("/v1/retention")).json() == {"days": 90}
    await ours.http.put("/v1/retention", json={"days": None})
    assert (await ours.http.get("/v1/retention")).json() == {"days": None}


async def test_each_tenant_has_its_own(ours: Customer, theirs: Customer) -> None:
    await ours.http.put("/v1/retention", json={"days": 7})
    assert (await theirs.http.get("/v1/retention")).json() == {"days": None}
    await ours.http.put("/v1/retention", json={"days": None})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"days": 0},
        {"days": -1},
        {"days": 1.5},
        {"days": "7"},
        {"days": 10**9},
        {"days": 7, "more": 1},
        [],
    ],
)
async def test_what_is_no_number_of_days_is_refused(ours: Customer, body: object) -> None:
    assert (await ours.http.put("/v1/retention", json=body)).status_code == 400


async def test_it_needs_the_scope_of_an_administrator(ours: Customer, anyone: httpx.AsyncClient) -> None:
    headers = await ours.limited("conversations:write", "integrations:manage")
    assert (await anyone.get("/v1/retention", headers=headers)).status_code == 403
    assert (await anyone.put("/v1/retention", json={"days": 1}, headers=headers)).status_code == 403
