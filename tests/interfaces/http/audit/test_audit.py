from __future__ import annotations

from unittest.mock import patch

import httpx

from domain.audit.note import verify
from infra.audit.verify import Report
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer


async def test_a_log_is_signed_and_verified(ours: Customer) -> None:
    await ours.ask("hello")
    made = (await ours.http.post("/v1/audit/checkpoints")).json()
    checkpoint = verify(made["note"], made["key"])
    assert (checkpoint.size, checkpoint.origin) == (made["size"], f"retrace/{ours.tenant}")
    report = await ours.http.post("/v1/audit/verify")
    assert report.status_code == 200, report.text
    shown = report.json()
    assert (shown["findings"], shown["signed"]) == ([], made["size"])
    assert shown["events"] >= made["size"]


async def test_a_log_is_verified_closely_where_that_is_asked_for(ours: Customer, parts: Services) -> None:
    made = (await ours.http.post("/v1/audit/checkpoints")).json()
    asked = []

    async def noted(*_: object, closely: bool, **__: object) -> Report:
        asked.append(closely)
        return Report(
            tenant=ours.tenant, events=made["size"], checkpoints=1, signed=made["size"], findings=()
        )

    with patch("interfaces.bootstrap.parts.verify", noted):
        for query in ("", "?closely=false", "?closely=true"):
            assert (await ours.http.post(f"/v1/audit/verify{query}")).status_code == 200
    assert asked == [False, False, True]
    closely = (await ours.http.post("/v1/audit/verify?closely=true")).json()
    assert (closely["findings"], closely["signed"]) == ([], made["size"])
    assert (await ours.http.post("/v1/audit/verify?closely=perhaps")).status_code == 400


async def test_verifying_needs_the_auditors_scope(ours: Customer, anyone: httpx.AsyncClient) -> None:
    headers = await ours.limited("conversations:read")
    for path in ("verify", "checkpoints"):
        assert (await anyone.post(f"/v1/audit/{path}", headers=headers)).status_code == 403


async def test_a_customer_is_forgotten(ours: Customer) -> None:
    reply = (await ours.ask("my secret", address="zoe")).json()
    body = {"channel": "http", "address": "zoe"}
    said = await ours.http.post("/v1/customers/forget", json=body)
    assert said.status_code == 202, said.text
    assert said.json()["conversations"] == [reply["conversation"]]
    headers = {"Retrace-Position": said.headers["Retrace-Position"]}
    for path in (f"/v1/interactions/{reply['id']}", f"/v1/conversations/{reply['conversation']}"):
        gone = await ours.http.get(path, headers=headers)
        assert gone.status_code == 404, gone.text
        assert "my secret" not in gone.text
    again = (await ours.ask("hello", address="zoe")).json()
    assert again["conversation"] != reply["conversation"]
    assert (await ours.http.post("/v1/audit/verify")).json()["findings"] == []


async def test_forgetting_a_stranger_is_not_found_and_needs_a_scope(
    ours: Customer, anyone: httpx.AsyncClient
) -> None:
    body = {"channel": "http", "address": "who?"}
    reply = await ours.http.post("/v1/customers/forget", json=body)
    assert reply.status_code == 404
    assert "check channel and address" in reply.json()["detail"]
    headers = await ours.limited("conversations:write")
    assert (await anyone.post("/v1/customers/forget", json=body, headers=headers)).status_code == 403
