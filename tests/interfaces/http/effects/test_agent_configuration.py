"""The agent's configuration as a whole: shown, put again, taken back; what is set elsewhere is refused."""

from __future__ import annotations

from typing import Any

import pytest

from domain.agents.agent import AgentConfiguration
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer, customer_of
from tests.interfaces.http.effects.world import LARGE, MINI


@pytest.mark.parametrize("field", sorted(AgentConfiguration.ELSEWHERE))
async def test_a_field_that_is_set_elsewhere_is_refused_with_the_way_there(
    shop: Customer, field: str
) -> None:
    reply = await shop.http.put("/v1/agent/configuration", json={field: True})
    assert reply.status_code == 400
    assert reply.json()["detail"] == f"{field} is not set here: {AgentConfiguration.ELSEWHERE[field]}"
    assert field not in (await shop.http.get("/v1/agent/configuration")).text


async def test_the_configuration_that_is_shown_can_be_put_again(shop: Customer) -> None:
    shown = (await shop.http.get("/v1/agent/configuration")).json()
    again = await shop.http.put("/v1/agent/configuration", json=shown["configuration"])
    assert (again.status_code, again.json()) == (200, shown)


async def test_a_configuration_is_taken_back_by_its_version(app: Any, parts: Services) -> None:
    customer = await customer_of(app, parts, "Back")
    path = "/v1/agent/configuration"
    first = (await customer.http.put(path, json={"name": "Nora"})).json()
    second = (await customer.http.put(path, json={"name": "Ben", "default_model": LARGE})).json()
    back = await customer.http.post(f"{path}/restore", json={"version": first["version"]})
    assert back.status_code == 200, back.text
    assert back.json()["configuration"] == first["configuration"]
    assert back.json()["version"] == second["version"] + 1
    assert back.headers["ETag"] == f'"{second["version"] + 1}"'
    assert (await customer.http.get(path)).json() == back.json()
    again = await customer.http.post(f"{path}/restore", json={"version": first["version"]})
    assert again.json() == back.json()
    query = {"kind": "agent.restored"}
    (event,) = (await customer.http.get("/v1/audit/events", params=query)).json()["items"]
    assert event["data"]["from_version"] == first["version"]
    new = await customer.http.post(f"{path}/restore", json={"version": 1})
    assert new.json()["configuration"]["name"] == "Assistant"
    assert (await customer.http.post(f"{path}/restore", json={"version": 99})).status_code == 404
    stale = await customer.http.post(
        f"{path}/restore", json={"version": 2}, headers={"If-Match": f'"{first["version"]}"'}
    )
    assert stale.status_code == 409
    await customer.http.aclose()


async def test_a_retired_model_does_not_come_back(app: Any, parts: Services) -> None:
    customer = await customer_of(app, parts, "Retired")
    path = "/v1/agent/configuration"
    set_ = await customer.http.put(path, json={"default_model": LARGE})
    await customer.http.put(path, json={})
    gone = {"id": LARGE, "context_window": 9000, "retires_at": "2026-01-01T00:00:00Z", "successor": MINI}
    made = await customer.http.put("/v1/models", json=gone)
    assert made.status_code in (200, 201), made.text
    back = await customer.http.post(f"{path}/restore", json={"version": set_.json()["version"]})
    assert back.status_code == 422
    assert MINI in back.json()["detail"]
    await customer.http.aclose()
