"""`/v1/models` and `/v1/prices`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import openai

from tests.interfaces.http.conftest import Customer

SHIPPED = "openai/gpt-6.1-sol@2026-09-29"


async def models(customer: Customer) -> dict[str, dict[str, Any]]:
    reply = await customer.http.get("/v1/models")
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body["object"] == "list"
    return {model["id"]: model for model in body["data"]}


async def test_the_list_has_the_form_of_openai_and_begins_with_ours(ours: Customer) -> None:
    found = await models(ours)
    assert list(found)[:2] == ["agent", "auto"]
    for model in found.values():
        assert model["object"] == "model"
        assert isinstance(model["created"], int)
        assert model["owned_by"]
    local = found["local/extractive"]
    assert (local["context_window"], local["price"]["input"]) == (1_000_000, "0")


async def test_the_official_client_reads_the_list(ours: Customer, app: Any) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        client = openai.AsyncOpenAI(api_key=ours.key, base_url="http://retrace/v1", http_client=http)
        listed = [model.id async for model in await client.models.list()]
        one = await client.models.retrieve("together/openai/gpt-oss-120b")
    assert listed[:3] == ["agent", "auto", "local/extractive"]
    assert (one.id, one.object, one.owned_by) == ("together/openai/gpt-oss-120b", "model", "together")


async def test_only_models_that_can_be_reached_and_are_not_retired_are_listed(ours: Customer) -> None:
    found = await models(ours)
    assert {id.partition("/")[0] for id in found} == {"agent", "auto", "local"}


async def test_a_model_is_found_by_its_id_with_slashes_a_retired_one_with_its_successor(
    ours: Customer,
) -> None:
    shown = (await ours.http.get("/v1/models/together/openai/gpt-oss-120b")).json()
    assert (shown["id"], shown["owned_by"]) == ("together/openai/gpt-oss-120b", "together")
    gone = (await ours.http.get("/v1/models/gemini/gemini-1.5-pro")).json()
    assert (gone["retired"], gone["successor"]) == (True, "gemini/gemini-3.8-flash")
    assert (await ours.http.get("/v1/models/agent")).json()["owned_by"] == "retrace"
    escaped = await ours.http.get("/v1/models/openai%2Fgpt-6-luna/")
    assert escaped.json()["price"]["long_context"][0]["above"] == 272_000
    assert (await ours.http.get("/v1/models/openai/unheard-of")).status_code == 404


async def test_a_model_of_ones_own_is_ones_own(ours: Customer, theirs: Customer) -> None:
    body = {"id": "local/house-8b", "context_window": 4096, "abilities": ["stream"]}
    reply = await ours.http.put("/v1/models", json=body)
    assert reply.status_code == 200, reply.text
    assert int(reply.headers["Retrace-Position"]) > 0
    assert (await models(ours))["local/house-8b"]["context_window"] == 4096
    assert "local/house-8b" not in await models(theirs)
    assert (await theirs.http.get("/v1/models/local/house-8b")).status_code == 404
    for wrong in ({**body, "id": "house"}, {**body, "context_window": 0}, {**body, "strange": 1}):
        assert (await ours.http.put("/v1/models", json=wrong)).status_code == 400


async def test_a_retired_model_is_refused_at_configuration_and_the_successor_named(ours: Customer) -> None:
    refused = await ours.http.put("/v1/agent/configuration", json={"default_model": "openai/o1-preview"})
    assert refused.status_code == 422
    assert refused.json()["successor"] == "openai/gpt-5.6-sol"


async def test_prices_are_set_from_now_on_and_the_past_is_corrected(ours: Customer) -> None:
    terms = {"input": "1.9", "cached": "0.1", "output": 9.5}
    made = await ours.http.put("/v1/prices", json={"model": "openai/gpt-6.1-sol", **terms})
    assert made.status_code == 200, made.text
    price = made.json()
    assert (price["input"], price["output"], price["source"]) == ("1.9", "9.5", "tenant")
    past = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    refused = await ours.http.put("/v1/prices", json={"model": "openai/gpt-6.1-sol", **terms, "since": past})
    assert refused.status_code == 422
    correction = {"corrects": SHIPPED, **terms, "since": past, "reason": "the contract is older"}
    corrected = await ours.http.post("/v1/prices/corrections", json=correction)
    assert corrected.status_code == 201, corrected.text
    listed = (await ours.http.get("/v1/prices?model=OpenAI/GPT-6.1-Sol")).json()["items"]
    assert [each["id"] for each in listed] == [SHIPPED, price["id"], corrected.json()["id"]]
    assert [each["corrected_by"] for each in listed] == [corrected.json()["id"], None, None]


async def test_wrong_prices_are_refused(ours: Customer) -> None:
    terms = {"model": "openai/gpt-6-luna", "input": "1", "output": "2"}
    day = {"since": "2999-01-01T00:00:00Z", "until": "2998-01-01T00:00:00Z"}
    for wrong in (
        {"input": "-1"},
        {"input": "NaN"},
        {"input": "1e999999"},
        {"input": 1e308},
        {"input": "0.00000001"},
        {"model": "luna"},
        {"since": "2026-01-01T00:00:00"},
        {"long_context": [{"above": 10**30, "input": "1", "output": "1"}]},
        {"long_context": [{"above": 5, "input": "1", "output": "1"}] * 2},
        day,
    ):
        reply = await ours.http.put("/v1/prices", json=terms | wrong)
        assert reply.status_code == 400, (wrong, reply.text)
    unknown = {**terms, "corrects": "p/m@2020-01-01", "reason": "x"}
    del unknown["model"]
    assert (await ours.http.post("/v1/prices/corrections", json=unknown)).status_code == 404


async def test_a_key_without_the_scope_sees_and_changes_nothing(ours: Customer) -> None:
    limited = await ours.limited("audit:read")
    for method, path in (
        ("GET", "/v1/models"),
        ("GET", "/v1/prices"),
        ("PUT", "/v1/prices"),
        ("PUT", "/v1/models"),
    ):
        assert (await ours.http.request(method, path, headers=limited)).status_code == 403
