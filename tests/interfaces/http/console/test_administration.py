"""What is done by the forms of administration is what the API does, and holds at once."""

from __future__ import annotations

import re

import pytest_asyncio

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import Person, joined


@pytest_asyncio.fixture(scope="module", name="admin")
async def _admin(ours: Customer) -> Person:
    admin = await joined(ours, "admin@example.com", "admin")
    await admin.sign_in()
    return admin


async def test_a_key_is_shown_once_and_refused_once_revoked(ours: Customer, admin: Person) -> None:
    made = await admin.send("/console/keys/issue", {"name": "the app", "scopes": "audit:read"})
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    (secret,) = re.findall(r'<code class="key">([^<]+)</code>', made.text)
    key = {"X-Tenant-API-Key": secret}
    assert (await ours.http.get("/v1/projections", headers=key)).status_code == 200
    listed = (await admin.http.get("/console/keys")).text
    assert secret not in listed
    (path,) = re.findall(r'href="(/console/keys/\w+)">the app', listed)
    asked = await admin.http.get(f"{path}/revoke")
    assert "can not be made to work again" in asked.text
    assert (await ours.http.get("/v1/projections", headers=key)).status_code == 200, "it only asked"
    assert (await admin.send(f"{path}/revoke")).status_code == 303
    assert (await ours.http.get("/v1/projections", headers=key)).status_code == 401


async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(admin: Person) -> None:
    wrong = await admin.send("/console/keys/issue", {"name": "", "scopes": "", "expires_at": "tomorrow"})
    assert wrong.status_code == 400
    assert wrong.text.count('class="error"') == 3
    assert 'value="tomorrow"' in wrong.text
    assert "this is a time" in wrong.text.lower()


async def test_a_change_that_somebody_else_was_first_with_is_told_and_not_lost(
    ours: Customer, admin: Person
) -> None:
    (version,) = re.findall(
        r'name="version" value="(\d+)"', (await admin.http.get("/console/erasure/retention")).text
    )
    assert (await ours.http.put("/v1/retention", json={"days": 400})).status_code == 200
    late = await admin.send("/console/erasure/retention", {"days": "365", "version": version})
    assert (late.status_code, 'value="365"' in late.text) == (409, True)
    (version,) = re.findall(r'name="version" value="(\d+)"', late.text)
    assert (
        await admin.send("/console/erasure/retention", {"days": "365", "version": version})
    ).status_code == 303
    assert (await ours.http.get("/v1/retention")).json() == {"days": 365}


async def test_other_roles_hold_at_once_for_who_is_signed_in(ours: Customer, admin: Person) -> None:
    eve = await joined(ours, "eve@example.com", "admin")
    await eve.sign_in()
    assert (await eve.http.get("/console/keys")).status_code == 200
    page = (await admin.http.get(f"/console/operators/{eve.id}")).text
    (version,) = re.findall(
        r'/roles"[^>]*>\s*<input[^>]*>\s*<input type="hidden" name="version" value="(\d+)"', page
    )
    done = await admin.send(f"/console/operators/{eve.id}/roles", {"roles": "agent", "version": version})
    assert done.status_code == 303, done.text
    assert (await eve.http.get("/console/keys")).status_code == 303, "signed out"
    await eve.sign_in()
    assert (await eve.http.get("/console/keys")).status_code == 403
    assert (
        await eve.send("/console/keys/issue", {"name": "mine", "scopes": "audit:read"})
    ).status_code == 403


async def test_the_audit_log_has_who_did_what_and_no_conversations(ours: Customer, admin: Person) -> None:
    await ours.ask("Hello")
    await admin.send("/console/budgets/limits", {"day": "5", "soft": "0.8", "on_hard": "stop"})
    text = (await admin.http.get("/console/audit")).text
    found = re.findall(r'kind=([\w.]+)"', text)
    assert "budget.set" in found
    assert not any(kind.startswith("conversation.") for kind in found)
    assert f"operator:{admin.id}" in text
    everything = (await admin.http.get("/console/events?kind=conversation.message_received")).text
    assert "conversation.message_received" in everything
    refused = await admin.http.get("/console/events?kind=none.such&before=x")
    assert (refused.status_code, "this is a whole number" in refused.text.lower()) == (400, True)


async def test_a_customer_is_erased_after_the_question(ours: Customer, admin: Person) -> None:
    await ours.ask("Forget me", address="eraseme")
    form = {"channel": "http", "address": "eraseme"}
    assert (
        await admin.send("/console/erasure/forget", {"channel": "http", "address": "nobody"})
    ).status_code == 404
    assert (await admin.send("/console/erasure/forget", form)).status_code == 303
    shown = await ours.http.get("/v1/customers/forgotten")
    (erasure,) = shown.json()["items"]
    assert erasure["actor"] == f"operator:{admin.id}"
    assert erasure["stream"] in (await admin.http.get("/console/erasure")).text


async def test_the_log_is_verified_and_signed(admin: Person) -> None:
    assert "The log is whole" in (await admin.send("/console/verification/verify")).text
    assert (await admin.send("/console/verification/sign")).status_code == 303
    assert "Verifier key" in (await admin.http.get("/console/verification")).text
