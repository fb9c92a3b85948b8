"""A tenant's channels: set, read, replaced by version, removed; tokens are never shown."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import Any

import pytest

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.following import following

SID = "AC" + "1" * 32
ADDRESS = f"/v1/channels/twilio/{SID}"
TOKEN, NEXT = "token-0123456789-canary", "next-9876543210-canary"
BODY = {"auth_token": TOKEN, "senders": ["whatsapp:+14155238886"]}


async def test_an_account_is_set_read_replaced_and_removed(ours: Customer) -> None:
    assert (await ours.http.get("/v1/channels")).json()["version"] == 0
    made = await ours.http.put(ADDRESS, json=BODY)
    assert made.status_code == 200, made.text
    shown = made.json()
    assert (shown["account_sid"], shown["senders"], shown["rotating"]) == (SID, BODY["senders"], False)
    assert shown["webhook"] == f"http://127.0.0.1:8080/webhooks/twilio/{ours.tenant}"
    assert (await ours.http.get(ADDRESS)).json() == shown
    listed = await ours.http.get("/v1/channels")
    assert listed.json()["twilio"] == [shown]
    assert listed.headers["ETag"] == made.headers["ETag"] == '"2"'

    rotating = await ours.http.put(ADDRESS, json={"senders": BODY["senders"], "next_auth_token": NEXT})
    assert rotating.json()["rotating"] is True
    late = await ours.http.put(ADDRESS, json=BODY, headers={"If-Match": '"2"'})
    assert (late.status_code, late.json()["version"]) == (409, 3)

    assert (await ours.http.delete(ADDRESS)).status_code == 204
    assert (await ours.http.delete(ADDRESS)).status_code == 404
    assert (await ours.http.get(ADDRESS)).status_code == 404


async def test_what_is_missing_or_wrong_is_told_with_what_to_do(ours: Customer) -> None:
    bare = await ours.http.put(f"/v1/channels/twilio/AC{'2' * 32}", json={"senders": []})
    assert bare.status_code == 400
    assert "auth_token" in bare.json()["detail"]
    strange = await ours.http.put(f"/v1/channels/twilio/AC{'2' * 32}", json={**BODY, "senders": ["a b"]})
    assert "whatsapp:+14155238886" in strange.json()["detail"]
    nowhere = await ours.http.put("/v1/channels/twilio/theirs", json=BODY)
    assert nowhere.status_code == 404


async def test_no_output_and_no_log_holds_a_token(
    app: Any, ours: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        texts = [(await ours.http.put(ADDRESS, json={**BODY, "next_auth_token": NEXT})).text]
        for address in ("/v1/channels", ADDRESS):
            texts.append((await ours.http.get(address)).text)
        events = []
        for address in ("/v1/audit/events", "/v1/audit/export", "/v1/audit/export?format=cloudevents"):
            reply = await ours.http.get(address, params={"kind": "channels.twilio_set"})
            assert reply.status_code == 200
            events.append(reply.text)
        async with following(app, ours, "after=0&kind=channels.twilio_set") as followed:
            await followed.until('"next_token":"(not shown)"')
        events.append(followed.text)
        stream = (await ours.http.get("/v1/audit/events?kind=channels.twilio_set")).json()["items"][0][
            "stream"
        ]
        events.append((await ours.http.get(f"/v1/audit/states/{stream}")).text)
        for text in events:
            assert '"token":"(not shown)"' in text
            assert '"next_token":"(not shown)"' in text
        wrong = await ours.http.put(ADDRESS, json={**BODY, "auth_token": f"{TOKEN} with spaces"})
        assert wrong.status_code == 400
        twisted = await ours.http.put(ADDRESS, json={**BODY, "auth_token": [TOKEN]})
        assert twisted.status_code == 400
    for text in (*texts, *events, wrong.text, twisted.text, caplog.text):
        for token in (TOKEN, NEXT):
            assert token not in text
            assert b64encode(token.encode()).decode() not in text
