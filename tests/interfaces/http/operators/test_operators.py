"""Operators by the API: invited, listed, changed, suspended, removed and erased; never another tenant's."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import OPERATOR, Customer
from tests.interfaces.http.console.people import accepted, browser, invited, joined
from tests.until import PATIENCE


async def test_an_invited_operator_is_listed_and_read(ours: Customer) -> None:
    id, link = await invited(ours, "Zoe@Example.com", "reviewer", "agent")
    assert link.startswith("/console/accept?token=rtl_")
    shown = await ours.http.get(f"/v1/operators/{id}")
    assert shown.headers["ETag"] == '"1"'
    found = shown.json()
    assert (found["email"], found["name"], found["status"]) == ("Zoe@Example.com", "Zoe", "invited")
    assert (found["roles"], found["totp"]) == (["agent", "reviewer"], False)
    assert found["scopes"] == ["conversations:write", "conversations:read", "feedback:review"]
    position = (
        shown.headers.get("Retrace-Position")
        or (await ours.http.post(f"/v1/operators/{id}/restore")).headers["Retrace-Position"]
    )
    listed = await ours.http.get("/v1/operators", headers={"Retrace-Position": position})
    assert id in [item["id"] for item in listed.json()["items"]]
    first = (await ours.http.get("/v1/operators?limit=1")).json()
    assert len(first["items"]) == 1


async def test_an_address_is_invited_once_in_a_tenant_and_again_in_another(
    ours: Customer, theirs: Customer
) -> None:
    id, _ = await invited(ours, "twice@example.com")
    body = {"email": "TWICE@example.com", "name": "Other", "roles": ["admin"]}
    again = await ours.http.post("/v1/operators", json=body)
    assert again.status_code == 409
    assert "who is invited" in again.json()["detail"]
    other, _ = await invited(theirs, "twice@example.com")
    assert other != id


async def test_of_several_invitations_at_once_one_is_made(ours: Customer) -> None:
    body = {"email": "race@example.com", "name": "Race", "roles": ["agent"]}
    replies = await asyncio.gather(*(ours.http.post("/v1/operators", json=body) for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"email": "no address", "name": "A", "roles": ["agent"]}, "email is an address"),
        ({"email": "a@b.test", "name": "A", "roles": ["boss"]}, "Invalid enum value"),
        ({"email": "a@b.test", "name": "A", "roles": []}, "length"),
        ({"email": "a@b.test", "name": "A", "roles": ["agent"], "password": "x"}, "password"),
    ],
)
async def test_what_is_no_invitation_is_400(ours: Customer, body: dict[str, Any], told: str) -> None:
    reply = await ours.http.post("/v1/operators", json=body)
    assert reply.status_code == 400
    assert told in reply.json()["detail"]


async def test_the_scope_that_issues_keys_is_asked_for(ours: Customer, anyone: httpx.AsyncClient) -> None:
    headers = await ours.limited("conversations:write", "audit:read", "integrations:manage")
    body = {"email": "a@b.test", "name": "A", "roles": ["agent"]}
    assert (await anyone.post("/v1/operators", json=body, headers=headers)).status_code == 403
    assert (await anyone.post("/v1/operators", json=body)).status_code == 401
    deployments = {"Authorization": f"Bearer {OPERATOR}"}
    assert (await anyone.post("/v1/operators", json=body, headers=deployments)).status_code == 403


async def test_another_tenants_operators_are_404(ours: Customer, theirs: Customer) -> None:
    ann = await joined(ours, "walls@example.com", "admin")
    assert (await ann.sign_in()).status_code == 303
    for id in (ann.id, str(uuid4())):
        at = f"/v1/operators/{id}"
        asked = [
            theirs.http.get(at),
            theirs.http.get(f"{at}/sessions"),
            theirs.http.delete(f"{at}/sessions/0123456789ab"),
            theirs.http.delete(f"{at}/totp"),
            theirs.http.post(f"{at}/link"),
            theirs.http.put(f"{at}/roles", json={"roles": ["admin"]}),
            theirs.http.post(f"{at}/suspend"),
            theirs.http.post(f"{at}/restore"),
            theirs.http.delete(at),
        ]
        assert {(await reply).status_code for reply in asked} == {404}
    assert await ann.inside()
    shown = (await theirs.http.get("/v1/operators")).json()
    assert ann.id not in str(shown)


async def test_every_administrative_act_is_an_event_with_its_actor(ours: Customer) -> None:
    ann = await joined(ours, "record@example.com", "agent")
    at = f"/v1/operators/{ann.id}"
    await ann.sign_in()
    assert (await ours.http.put(f"{at}/roles", json={"roles": ["auditor"]})).json()["roles"] == ["auditor"]
    assert (await ours.http.post(f"{at}/suspend")).json()["status"] == "suspended"
    assert (await ours.http.post(f"{at}/restore")).json()["status"] == "active"
    assert (await ours.http.post(f"{at}/link")).status_code == 201
    found = (await ours.http.get(f"/v1/audit/events?stream=operator/{ann.id}&limit=50")).json()["items"]
    told = [(event["kind"], event["actor"].partition(":")[0]) for event in found]
    assert told == [
        ("operator.invited", "key"),
        ("operator.accepted", "operator"),
        ("operator.signed_in", "operator"),
        ("operator.roles_changed", "key"),
        ("operator.suspended", "key"),
        ("operator.restored", "key"),
        ("operator.link_issued", "key"),
    ]
    assert found[1]["actor"] == f"operator:{ann.id}"


async def test_a_change_that_expects_another_version_is_409(ours: Customer) -> None:
    id, _ = await invited(ours, "version@example.com")
    stale = await ours.http.post(f"/v1/operators/{id}/suspend", headers={"If-Match": '"7"'})
    assert stale.status_code == 409
    assert stale.headers["ETag"] == '"1"'


async def test_a_removed_operator_is_erased_and_may_be_invited_anew(ours: Customer, parts: Services) -> None:
    ann = await joined(ours, "gone-canary@example.com", "agent")
    await ann.sign_in()
    await parts.session_use.used(ours.tenant, UUID(ann.id), "0123456789ab", parts.clock())
    assert (await ours.http.delete(f"/v1/operators/{ann.id}")).status_code == 204
    assert not await ann.inside()
    assert (await ann.sign_in()).status_code == 401
    assert (await ours.http.get(f"/v1/operators/{ann.id}")).status_code == 404
    query = (
        "SELECT (SELECT count(*) FROM retrace.subject_keys WHERE subject = %(id)s), "
        "(SELECT count(*) FROM retrace.operator_sessions WHERE operator = %(id)s), "
        "(SELECT count(*) FROM retrace.operators WHERE operator = %(id)s), "
        "(SELECT array_agg(topic ORDER BY seq) FROM retrace.events WHERE stream = %(id)s AND payload IS NOT NULL)"
    )
    async with asyncio.timeout(PATIENCE):
        while True:
            async with await psycopg.AsyncConnection.connect(str(parts.settings.database_url)) as connection:
                row = await (await connection.execute(query, {"id": ann.id})).fetchone()
            if row is not None and row[:3] == (0, 0, 0):
                break
            await asyncio.sleep(0.05)
    assert row[3] == ["operator.signed_in", "operator.removed"], "what says who they were is gone"
    assert not (await parts.verify(ours.tenant)).findings
    assert (await ours.http.get(f"/v1/operators/{ann.id}")).status_code == 404
    id, link = await invited(ours, "gone-canary@example.com", "auditor")
    assert id != ann.id
    assert (await accepted(browser(ours.http._transport), link)).status_code == 303
    assert (await ann.sign_in()).status_code == 303
