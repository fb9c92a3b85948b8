"""The description at /schema is whole and true."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import jsonschema_rs
import msgspec
import pytest
import pytest_asyncio
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec.base import BaseSchemaObject

from application.base.setting import change_setting
from application.experiments import deploying, look
from application.learning.dataset import CreateDataset, add_cases, create_dataset
from domain.actions.call import ActionCall
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.patterns import WORDS
from domain.experiments.releases import Releases
from domain.experiments.version import Versions
from domain.insight.alerts.alerts import Alerts
from domain.learning.importing import CaseIn
from infra.providers import PROVIDERS
from interfaces.bootstrap import Services
from interfaces.http import EXAMPLES
from interfaces.http.base.summaries import SUMMARIES
from interfaces.http.base.version import TAGS
from tests.application.experiments.evaluated import evaluated
from tests.doubles.tuning import tuning_vendor
from tests.interfaces.http.conftest import OPERATOR, Customer
from tests.interfaces.http.learning.tuned import a_training_set, a_tuned_job

ROUTES = {
    "POST /v1/messages",
    "GET /v1/interactions/{interaction}",
    "GET /v1/interactions/{interaction}/why",
    "GET /v1/conversations",
    "GET /v1/conversations/{conversation}",
    "GET /v1/conversations/{conversation}/events",
    "POST /v1/conversations/{conversation}/close",
    "POST /v1/documents",
    "GET /v1/documents",
    "GET /v1/documents/{document}",
    "DELETE /v1/documents/{document}",
    "POST /v1/documents/{document}/reprocess",
    "POST /v1/search",
    "GET /v1/agent/configuration",
    "PUT /v1/agent/configuration",
    "GET /v1/providers/usage",
    "GET /v1/models",
    "GET /v1/routing",
    "PUT /v1/routing",
    "GET /v1/audit/events",
    "GET /v1/audit/events/stream",
    "GET /v1/audit/export",
    "GET /v1/audit/states/{kind}/{id}",
    "POST /v1/audit/wrote",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
}
"""Names that users rely on."""


async def described(anyone: httpx.AsyncClient) -> dict[str, Any]:
    reply = await anyone.get("/schema")
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    assert (await anyone.get("/schema/openapi.json")).json() == found
    return found


async def test_summaries_tell_routes_apart(anyone: httpx.AsyncClient) -> None:
    paths = (await described(anyone))["paths"]
    operations = {f"{method} {path}": it for path, item in paths.items() for method, it in item.items()}
    assert set(operations) == set(SUMMARIES)  # each has a line in interfaces/http/base/summaries.py
    told = [operation["summary"] for operation in operations.values()]
    assert len(told) == len(set(told))
    assert [summary for summary in told if " " not in summary or len(summary) > 60] == []
    assert len({operation["operationId"] for operation in operations.values()}) == len(operations)


async def test_the_description_is_made_before_anybody_asks_for_it(
    anyone: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: object) -> Any:
        raise AssertionError("it is made while all others wait")

    monkeypatch.setattr(BaseSchemaObject, "to_schema", late)
    monkeypatch.setattr(OpenAPIRenderPlugin, "render_json", late)
    assert (await anyone.get("/schema")).json()["info"]["title"] == "Retrace"


async def test_the_routes_that_users_rely_on_are_there(anyone: httpx.AsyncClient) -> None:
    paths = (await described(anyone))["paths"]
    there = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    assert there >= ROUTES


async def test_every_route_tells_its_refusals_and_what_it_needs(anyone: httpx.AsyncClient) -> None:
    description = await described(anyone)
    for path, item in description["paths"].items():
        for method, operation in item.items():
            if path.startswith("/v1"):
                for status in ("400", "401", "403", "503"):
                    content = operation["responses"][status]["content"]["application/problem+json"]
                    assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert operation["security"]
                assert (
                    "Needs a key" in operation["description"]
                    or "Needs the operator" in operation["description"]
                )
            assert operation["description"], (method, path)
    named = set(re.findall(r"#/components/schemas/([^']+)", str(description)))
    assert named <= set(description["components"]["schemas"])


async def a_dataset(parts: Services, customer: Customer) -> str:
    context = Context(tenant=customer.tenant, actor="key:test", correlation=uuid4())
    made, _ = await create_dataset(
        CreateDataset(name="x"), context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    rows = [CaseIn(message=f"When, {n}?", expected_answer="At nine.") for n in range(20)]
    await add_cases(made.id, rows, context, store=parts.store, keyring=parts.keyring, clock=parts.clock)
    return str(made.id)


async def deployments_of(parts: Services, customer: Customer) -> tuple[str, str, str]:
    """Of an evaluation that has passed: one that waits, and one under way; and a release before the present one."""
    about = Context(tenant=customer.tenant, actor="key:test", correlation=uuid4())
    variant = Variant(configuration={"tone": "terse"})
    evaluation = await evaluated(variant, about, store=parts.store, at=parts.clock())
    releases = Releases.begin(customer.tenant, parts.clock())
    for digest in ("before", "present"):
        versions = Versions(agent=1, routing=0, prompts=0, digest=digest)
        releases.release(versions, None, parts.clock())
    await parts.store.save(releases, context=about)
    body = {"name": "x", "evaluation": str(evaluation)}
    made = [(await customer.http.post("/v1/deployments", json=body)).json()["id"] for _ in range(2)]
    await customer.http.post(f"/v1/deployments/{made[1]}/start")
    return str(evaluation), made[0], made[1]


async def an_alert(parts: Services, customer: Customer) -> str:
    """One that fires."""
    about = Context(tenant=customer.tenant, actor="key:test", correlation=uuid4())

    def fire(alerts: Alerts) -> None:
        if not alerts.state.statuses:
            facts = {"rule": "handoffs", "before": "no_data", "state": "alert"}
            alerts.trigger(Alerts.StateChanged, at=parts.clock(), **facts)

    await change_setting(Alerts, fire, about, store=parts.store, clock=parts.clock)
    return "handoffs"


async def action_calls(parts: Services, tenant: UUID, conversation: UUID) -> dict[str, UUID]:
    """What may be said of it → a call of an action of which that may be said."""
    found, at = {}, parts.clock()
    about = Context(tenant=tenant, actor="test", correlation=parts.ids())
    for number, word in enumerate(("approve", "decline", "settle")):
        call = ActionCall.request(
            conversation=conversation,
            interaction=parts.ids(),
            number=number,
            action="refund",
            declared=1,
            effect="write",
            consent="none" if word == "settle" else "operator",
            repeatable=False,
            counts_as=None,
            by="rule",
            arguments="{}",
            minutes=30,
            at=at,
        )
        if word == "settle":
            call.attempt(at)
            call.lose("no answer", at)
        await parts.store.save(call, context=about)
        found[word] = call.id
    return found


@pytest_asyncio.fixture(name="tuning")
async def _tuning(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Together's own address, where a model is to be tuned, is a double's."""
    async with tuning_vendor("together") as vendor:
        vendor.KEY = EXAMPLES["put", "/v1/providers/{provider}/key"]["key"]  # type: ignore[misc]  # this one's alone
        stands = msgspec.structs.replace(PROVIDERS["together"], base_url=vendor.url)
        monkeypatch.setitem(PROVIDERS, "together", stands)
        yield


@pytest.mark.usefixtures("tuning")
async def test_every_body_has_an_example_that_is_taken(
    ours: Customer, anyone: httpx.AsyncClient, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.webhook_sender, "_private", True)  # the examples' hosts are nobody's
    monkeypatch.setattr(
        look, "LOOK", timedelta(hours=1)
    )  # what other examples set must not stop a deployment meanwhile
    monkeypatch.setattr(deploying, "LOOK", timedelta(hours=1))
    monkeypatch.setattr(parts.action_caller, "_private", True)
    monkeypatch.setattr(parts.alert_senders._http, "_private", True)  # type: ignore[attr-defined]
    for path, item in (await described(anyone))["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                assert "examples" in content["application/json"], (method, path)
    answered = (await ours.ask("Hello?", address="example")).json()
    conversation = answered["conversation"]
    key = (await ours.http.post("/v1/keys", json={"name": "a", "scopes": ["audit:read"]})).json()["id"]
    as_operator = {"Authorization": f"Bearer {OPERATOR}"}
    made = await anyone.post("/v1/tenants", json={"name": "Example"}, headers=as_operator)
    tenant = made.json()["id"]
    hook = await ours.http.post("/v1/webhooks", json=EXAMPLES["post", "/v1/webhooks"])
    endpoint = hook.json()["id"]
    dataset = await a_dataset(parts, ours)
    asked = {"name": "x", "dataset": dataset, "pace": {"per_minute": 1}}
    evaluation = (await ours.http.post("/v1/evaluations", json=asked)).json()["id"]
    begun = await ours.http.post("/v1/experiments", json=EXAMPLES["post", "/v1/experiments"])
    experiment = begun.json()["id"]
    assert (await ours.http.post(f"/v1/experiments/{experiment}/start")).status_code == 200
    passed, waiting, running = await deployments_of(parts, ours)
    cases = (await ours.http.get(f"/v1/datasets/{dataset}/cases?limit=1")).json()["items"]
    entry = (await ours.http.post("/v1/knowledge", json={"title": "a", "content": "b"})).json()["id"]
    correction = {"agent_interaction_id": answered["id"], "human_response": "Soon.", "category": "other"}
    corrected = (await ours.http.post("/v1/bot/corrections", json=correction)).json()["id"]
    mug = EXAMPLES["post", "/v1/catalog/products"]
    product = (await ours.http.post("/v1/catalog/products", json=mug)).json()["id"]
    haircut = EXAMPLES["post", "/v1/catalog/services"]
    service = (await ours.http.post("/v1/catalog/services", json=haircut)).json()["id"]
    weeks = {"to": str(datetime.now(UTC).date() + timedelta(days=14))}
    slots = (await ours.http.get(f"/v1/catalog/services/{service}/slots", params=weeks)).json()["items"]
    booked = {**EXAMPLES["post", "/v1/bookings"], "service": service, "start": slots[-1]["start"]}
    booking = (await ours.http.post("/v1/bookings", json=booked)).json()["id"]
    lines = [{"product": product, "quantity": 1}]
    there = {"dataset": dataset, "interactions": [answered["id"]], "lines": lines}
    there |= {"service": service, "start": slots[-1]["start"]}
    there["training_set"] = str(await a_training_set(parts, ours.tenant))
    person = {"email": "example@example.com", "name": "Ann", "roles": ["agent"]}
    operator = (await ours.http.post("/v1/operators", json=person)).json()["id"]
    account, sent = f"/v1/channels/twilio/AC{'1' * 32}", EXAMPLES["post", "/v1/campaigns"]
    await ours.http.put(account, json=EXAMPLES["put", "/v1/channels/twilio/{account}"])
    campaign = (await ours.http.post("/v1/campaigns", json=sent)).json()["id"]
    job, of_the_tuned = await a_tuned_job(parts, ours.tenant, UUID(dataset))
    slack = EXAMPLES["post", "/v1/alerts/channels"]
    channel = (await ours.http.post("/v1/alerts/channels", json=slack)).json()["id"]
    alert = await an_alert(parts, ours)
    calls = await action_calls(parts, ours.tenant, UUID(conversation))
    there["until"] = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for (method, path), example in EXAMPLES.items():
        body = {name: there.get(name, value) for name, value in example.items()}
        if path.endswith("/cases/remove"):
            body = {"cases": [cases[0]["id"]]}
        body = {**body, "evaluation": passed} if path == "/v1/deployments" else body
        if path.endswith("/{job}/evaluation"):
            body = {"evaluation": str(of_the_tuned)}
        filled = path.format(
            job=job,
            conversation=conversation,
            key=key,
            tenant=tenant,
            flag="full_agent",
            provider="together",
            account="AC" + "1" * 32,
            name="hand_over",
            endpoint=endpoint,
            evaluation=evaluation,
            experiment=experiment,
            deployment=running if path.endswith("/rollback") else waiting,
            dataset=dataset,
            entry=entry,
            correction=corrected,
            product=product,
            service=service,
            booking=booking,
            operator=operator,
            campaign=campaign,
            alert=alert,
            rule="slow_answers",
            channel=channel,
            call=calls.get(path.rpartition("/")[2]),
        )
        if "agent_interaction_id" in body:
            body = body | {"agent_interaction_id": answered["id"]}
        client, headers = (anyone, as_operator) if "/tenants" in path else (ours.http, {})
        reply = await client.request(method, filled, json=body, headers=headers)
        assert reply.status_code in (200, 201, 202), (method, path, reply.text)


async def test_what_is_answered_is_what_is_described(ours: Customer, anyone: httpx.AsyncClient) -> None:
    schemas = (await described(anyone))["components"]["schemas"]
    reply = (await ours.ask("Hello?", address="described")).json()
    assert set(reply) == set(schemas["Interaction"]["properties"])
    problem = (await ours.http.get(f"/v1/conversations/{uuid4()}")).json()
    assert set(problem) <= set(schemas["Problem"]["properties"])
    assert problem["type"] in schemas["Problem"]["properties"]["type"]["enum"]


async def test_each_pattern_of_the_description_has_words(anyone: httpx.AsyncClient) -> None:
    """Nobody is refused by a regular expression's text."""
    found = set(re.findall(r"'pattern': '((?:[^'\\]|\\.)*)'", str(await described(anyone))))
    assert found
    assert {pattern.encode().decode("unicode_escape") for pattern in found} <= {*WORDS, TAGS}


async def test_bodies_are_described_as_they_are_decoded(anyone: httpx.AsyncClient) -> None:
    """Unknown fields, limits and defaults stand there; every example fits, and every reference leads somewhere."""
    description = await described(anyone)
    schemas = description["components"]["schemas"]
    key = schemas["KeyIn"]
    assert key["additionalProperties"] is False
    assert key["properties"]["name"]["maxLength"] == 200
    assert schemas["RotateIn"]["properties"]["overlap_hours"] == {
        "type": "number",
        "minimum": 0,
        "maximum": 2160,
        "default": 24,
    }
    for item in description["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            whole = {**content["schema"], "components": description["components"]}
            for example in content["examples"].values():
                jsonschema_rs.Draft202012Validator(whole).validate(example["value"])
            if "default" in content["schema"]:
                jsonschema_rs.Draft202012Validator(whole).validate(content["schema"]["default"])
    assert {
        operation["tags"][0] for item in description["paths"].values() for operation in item.values()
    } <= {tag["name"] for tag in description["tags"]}


async def test_options_tells_all_methods_of_an_address(ours: Customer) -> None:
    reply = await ours.http.options("/v1/keys/0")
    assert (reply.status_code, reply.headers["Allow"]) == (204, "DELETE, GET, OPTIONS")
    refused = await ours.http.patch("/v1/keys/0")
    assert set(refused.headers["Allow"].split(", ")) == set(reply.headers["Allow"].split(", "))


async def test_the_reference_is_a_page_of_all_routes_without_scripts(anyone: httpx.AsyncClient) -> None:
    reply = await anyone.get("/schema/reference")
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    page = reply.text
    assert "<script" not in page
    anchors = re.findall(r'<section id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors)) == sum(map(len, (await described(anyone))["paths"].values()))
    assert set(re.findall(r'href="#([^"]+)"', page)) == set(anchors)
    assert "<code>POST /v1/responses</code>" in page
    assert "&quot;model&quot;: &quot;agent&quot;" in page
