"""Webhooks of Twilio, signed by the vendor's own validator, on the real application."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx
import psycopg
import pytest
import pytest_asyncio
from twilio.request_validator import RequestValidator

from application.ports import Unavailable
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import OPERATOR, Customer, customer_of
from tests.until import PATIENCE, until

ACCOUNT, TOKEN, NEXT = "AC" + "1" * 32, "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
OURS = "whatsapp:+15550100100"
TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class Twilio:
    """Sends webhooks of `account` to a tenant."""

    def __init__(self, customer: Customer, http: httpx.AsyncClient) -> None:
        self.customer, self.http = customer, http
        self.account, self.token = ACCOUNT, TOKEN
        self.path = f"/webhooks/twilio/{customer.tenant}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:8080{self.path}"

    async def set(self, **more: Any) -> None:
        body = {"auth_token": TOKEN, "senders": [OURS], **more}
        reply = await self.customer.http.put(f"/v1/channels/twilio/{self.account}", json=body)
        assert reply.status_code == 200, reply.text

    def message(self, text: str, phone: str = "+15550100101", **more: str) -> dict[str, str]:
        form = {"MessageSid": f"SM{uuid4().hex}", "AccountSid": self.account, "From": f"whatsapp:{phone}"}
        form |= {"To": OURS, "Body": text, "NumMedia": "0", "SmsStatus": "received", "MessageType": "text"}
        return {name: value for name, value in (form | more).items() if value is not None}

    async def send(self, form: dict[str, str], *, token: str = "", **headers: str) -> httpx.Response:
        signature = RequestValidator(token or self.token).compute_signature(self.url, form)
        return await self.http.post(
            self.path, data=form, headers={"X-Twilio-Signature": signature, **headers}
        )

    async def events(self, kind: str) -> list[dict[str, Any]]:
        reply = await self.customer.http.get("/v1/audit/events", params={"kind": kind, "limit": "200"})
        return [(item["data"] or {}) | {"stream": item["stream"]} for item in reply.json()["items"]]

    async def log(self) -> int:
        """Events, without the records of their being read."""
        items = (await self.customer.http.get("/v1/audit/events?limit=200")).json()["items"]
        return sum(not item["kind"].startswith("audit.") for item in items)

    async def messages(self) -> list[dict[str, Any]]:
        return await self.events("conversation.message_received")


@pytest_asyncio.fixture(name="twilio")
async def _twilio(app: Any, parts: Services, anyone: httpx.AsyncClient) -> Any:
    customer = await customer_of(app, parts, "Shop")
    async with customer.http:
        made = Twilio(customer, anyone)
        await made.set()
        yield made


async def counted(http: httpx.AsyncClient, outcome: str) -> float:
    for line in (await http.get("/metrics")).text.splitlines():
        if line.startswith(f'retrace_webhooks_total{{channel="twilio",outcome="{outcome}"}}'):
            return float(line.rpartition(" ")[2])
    return 0.0


async def test_a_message_is_taken_in_with_all_that_came_and_answered_by_a_worker(twilio: Twilio) -> None:
    form = twilio.message("When are you open? 👍 ", ProfileName="Ada", Strange="kept as it is ")
    reply = await twilio.send(form)
    assert (reply.status_code, reply.text) == (200, TWIML)
    assert reply.headers["content-type"].startswith("text/xml")
    (event,) = await twilio.messages()
    assert event["raw"] == form
    assert (event["message"], event["text"], event["sender"]) == (form["MessageSid"], form["Body"], OURS)
    assert event["use"] == "tenant_only"
    async with asyncio.timeout(PATIENCE):
        while not await twilio.events("conversation.answered"):
            await asyncio.sleep(0.05)

    async def counted_once() -> bool:
        listed = await twilio.customer.http.get("/v1/conversations?channel=whatsapp")
        return [each["messages"] for each in listed.json()["items"]] == [1]

    await until(counted_once)  # the read model comes after the log


async def test_the_same_request_again_has_no_second_effect(twilio: Twilio, anyone: httpx.AsyncClient) -> None:
    form, before = twilio.message("Once?"), await counted(anyone, "duplicate")
    replies = await asyncio.gather(*(twilio.send(form) for _ in range(5)))
    assert {reply.status_code for reply in replies} == {200}
    assert len(await twilio.messages()) == 1
    assert await counted(anyone, "duplicate") - before == 4


async def test_an_album_in_parallel_webhooks_is_one_burst_of_one_conversation(twilio: Twilio) -> None:
    media = {"MessageType": "image", "NumMedia": "1", "MediaContentType0": "image/jpeg"}
    url = "https://api.twilio.com/2010-04-01/Accounts/AC/Messages/MM/Media/ME"
    forms = [
        twilio.message("", **media, MediaUrl0=f"{url}{n}", ExternalUserId="whatsapp:DE.77") for n in range(6)
    ]
    assert {r.status_code for r in await asyncio.gather(*map(twilio.send, forms))} == {200}
    events = await twilio.messages()
    assert len(events) == 6
    assert len({event["stream"] for event in events}) == 1
    assert {part["url"] for event in events for part in event["parts"]} == {f"{url}{n}" for n in range(6)}


async def test_what_is_forged_is_refused_counted_and_leaves_nothing(
    twilio: Twilio, anyone: httpx.AsyncClient
) -> None:
    form, before = twilio.message("Forged"), await counted(anyone, "rejected")
    log = await twilio.log()
    wrong = [
        await twilio.send(form, token=NEXT),
        await anyone.post(twilio.path, data=form),
        await twilio.send(form | {"AccountSid": "AC" + "9" * 32}),
        await anyone.post(twilio.path, content=b"\xff\xfe=%ff", headers={"content-type": "text/plain"}),
        await anyone.post(twilio.path, json=form),
        await anyone.post(twilio.path),
    ]
    twilio.path = f"/webhooks/twilio/{uuid4()}"
    wrong.append(await twilio.send(form))  # a tenant that nobody knows
    assert {reply.status_code for reply in wrong} == {403}
    assert len({reply.json()["detail"] for reply in wrong}) == 1, "nobody is told why"
    shown = (await twilio.customer.http.get("/v1/channels")).json()["twilio"][0]
    assert (shown["rejected"], shown["observed"]) == (3, 0)
    assert await counted(anyone, "rejected") - before == 7
    assert await twilio.log() == log


async def test_a_webhook_of_one_tenant_never_reaches_another(
    twilio: Twilio, theirs: Customer, anyone: httpx.AsyncClient
) -> None:
    other = Twilio(theirs, anyone)
    await other.set()  # the very same account, with its token: the address makes the difference
    form = twilio.message("For whom?")
    signature = RequestValidator(TOKEN).compute_signature(twilio.url, form)
    reply = await anyone.post(other.path, data=form, headers={"X-Twilio-Signature": signature})
    assert reply.status_code == 403
    assert await other.messages() == []


async def test_a_tenant_that_is_suspended_or_gone_answers_as_one_that_is_not_there(
    twilio: Twilio, anyone: httpx.AsyncClient
) -> None:
    operator, address = {"Authorization": f"Bearer {OPERATOR}"}, f"/v1/tenants/{twilio.customer.tenant}"
    assert (await anyone.post(f"{address}/suspend", json={}, headers=operator)).status_code == 200
    suspended = await twilio.send(twilio.message("Still there?"))
    assert (suspended.status_code, "signed" in suspended.json()["detail"]) == (403, True)
    assert (await anyone.post(f"{address}/resume", headers=operator)).status_code == 200
    assert (await twilio.send(twilio.message("And now?"))).status_code == 200
    assert (await anyone.delete(address, headers=operator)).status_code == 204
    removed = await twilio.send(twilio.message("Gone?"))
    assert removed.json()["detail"] == suspended.json()["detail"]


async def test_the_next_token_counts_during_a_rotation_and_only_then(twilio: Twilio) -> None:
    assert (await twilio.send(twilio.message("a"), token=NEXT)).status_code == 403
    await twilio.set(next_auth_token=NEXT)
    assert (await twilio.send(twilio.message("b"), token=NEXT)).status_code == 200
    assert (await twilio.send(twilio.message("c"))).status_code == 200
    await twilio.set(auth_token=NEXT)
    assert (await twilio.send(twilio.message("d"))).status_code == 403
    assert [event["text"] for event in await twilio.messages()] == ["b", "c"]


async def test_who_only_observes_lets_wrong_signatures_in_and_sees_how_many(twilio: Twilio) -> None:
    await twilio.set(check="observe")
    assert (await twilio.send(twilio.message("let in"), token=NEXT)).status_code == 200
    assert (await twilio.send(twilio.message("signed"))).status_code == 200
    shown = (await twilio.customer.http.get("/v1/channels")).json()["twilio"][0]
    assert (shown["rejected"], shown["observed"]) == (0, 1)
    assert [event["text"] for event in await twilio.messages()] == ["let in", "signed"]


async def test_json_bodies_are_taken_by_their_hash(twilio: Twilio, anyone: httpx.AsyncClient) -> None:
    body = json.dumps(twilio.message("JSON 👍")).encode()
    target = f"{twilio.path}?{urlencode({'bodySHA256': hashlib.sha256(body).hexdigest()})}"
    signature = RequestValidator(TOKEN).compute_signature(f"http://127.0.0.1:8080{target}", {})
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/json"}
    assert (await anyone.post(target, content=body + b" ", headers=headers)).status_code == 403
    assert (await anyone.post(target, content=body, headers=headers)).status_code == 200
    assert [event["text"] for event in await twilio.messages()] == ["JSON 👍"]


async def test_a_reaction_is_kept_and_a_stop_is_a_fact(twilio: Twilio) -> None:
    assert (await twilio.send(twilio.message("👍", MessageType="reaction"))).status_code == 200
    assert await twilio.messages() == []
    (notice,) = await twilio.events("conversation.notice_received")
    assert (notice["kind"], notice["text"]) == ("reaction", "👍")
    assert (await twilio.send(twilio.message("Stop"))).status_code == 200
    (out,) = await twilio.events("conversation.opted_out")
    (said,) = await twilio.messages()
    assert (out["word"], out["stream"]) == ("Stop", said["stream"])
    again = twilio.message("START")
    assert {(await twilio.send(again)).status_code for _ in range(2)} == {200}
    assert len(await twilio.events("conversation.opted_in")) == 1


async def test_what_names_no_message_is_a_400_and_a_large_body_a_413(twilio: Twilio) -> None:
    nameless = await twilio.send({"AccountSid": ACCOUNT, "Level": "ERROR"})
    assert nameless.status_code == 400
    huge = await twilio.send(twilio.message("x" * 70_000))
    assert huge.status_code == 413
    assert await twilio.messages() == []


async def test_a_status_of_a_message_that_is_not_ours_is_answered_and_changes_nothing(
    twilio: Twilio, anyone: httpx.AsyncClient
) -> None:
    before = await counted(anyone, "unknown")
    status = {"MessageSid": "SM" + "7" * 32, "MessageStatus": "read", "AccountSid": ACCOUNT}
    assert (await twilio.send(status)).status_code == 200
    assert await counted(anyone, "unknown") - before == 1


PHONE, ID = "+15550100111", "whatsapp:DE.4242"
BOTH, NUMBER, SCOPED = {"ExternalUserId": ID}, {}, {"From": ID, "ExternalUserId": ID}


@pytest.mark.parametrize(
    "ways",
    [(BOTH, SCOPED), (NUMBER, BOTH, SCOPED), (SCOPED, BOTH, NUMBER), (BOTH, NUMBER, SCOPED, BOTH)],
    ids=["both first", "number first", "id first", "mixed"],
)
async def test_who_comes_by_number_and_later_by_id_stays_one_conversation(
    twilio: Twilio, parts: Services, ways: tuple[dict[str, str], ...]
) -> None:
    for number, way in enumerate(ways):
        parts.people._known.clear()  # as another process
        form = twilio.message(str(number), PHONE, **way)
        assert (await twilio.send(form)).status_code == 200
    events = await twilio.messages()
    assert [event["text"] for event in events] == [str(number) for number in range(len(ways))]
    assert len({event["stream"] for event in events}) == 1


async def test_two_numbers_are_never_one_customer_whatever_id_stands_beside_them(twilio: Twilio) -> None:
    for phone in ("+15550100121", "+15550100122"):
        assert (await twilio.send(twilio.message("hi", phone, ExternalUserId=ID))).status_code == 200
    assert len({event["stream"] for event in await twilio.messages()}) == 2


async def test_whoever_was_forgotten_begins_anew_under_any_of_their_addresses(
    twilio: Twilio, app: Any, parts: Services
) -> None:
    await twilio.send(twilio.message("before", PHONE, ExternalUserId=ID))
    body = {"channel": "whatsapp", "address": ID}
    gone = await twilio.customer.http.post("/v1/customers/forget", json=body)
    assert gone.status_code == 202, gone.text
    (before,) = gone.json()["conversations"]
    await twilio.send(twilio.message("after", PHONE, ExternalUserId=ID))
    await twilio.send(twilio.message("and on", From=ID))
    found = {event["stream"] for event in await twilio.messages() if event.get("text") in ("after", "and on")}
    assert len(found) == 1
    assert f"conversation/{before}" not in found


@pytest.mark.parametrize("address", [f"whatsapp:{PHONE}", ID], ids=["number", "id"])
@pytest.mark.parametrize(
    "ways",
    [(NUMBER, SCOPED, BOTH), (SCOPED, NUMBER, BOTH), (NUMBER, SCOPED, BOTH, SCOPED)],
    ids=["number first", "id first", "id last"],
)
async def test_forgetting_by_either_address_erases_all_that_the_customer_had(
    twilio: Twilio, parts: Services, ways: tuple[dict[str, str], ...], address: str
) -> None:
    """Also what they had under each address before it was known that both are theirs."""
    for number, way in enumerate(ways):
        if way is BOTH:
            elsewhere = dict(parts.people._known)
            parts.people._known.clear()  # as another process
        await twilio.send(twilio.message(str(number), PHONE, **way))
    before = {event["stream"].partition("/")[2] for event in await twilio.messages()}
    assert len(before) == 2
    body = {"channel": "whatsapp", "address": address}
    gone = await twilio.customer.http.post("/v1/customers/forget", json=body)
    assert set(gone.json()["conversations"]) == before
    parts.people._known.clear()
    parts.people._known.update(elsewhere)  # as one that has heard of nothing
    for way in (NUMBER, SCOPED, BOTH):
        await twilio.send(twilio.message("after", PHONE, **way))
    found = {event["stream"] for event in await twilio.messages() if event.get("text") == "after"}
    assert found
    assert not {stream.partition("/")[2] for stream in found} & before


async def test_a_customer_is_not_forgotten_with_another_who_had_the_same_id(twilio: Twilio) -> None:
    other = "+15550100131"
    await twilio.send(twilio.message("first", PHONE, **SCOPED))
    await twilio.send(twilio.message("hers", PHONE, **BOTH))
    await twilio.send(twilio.message("his", other, **BOTH))
    (his,) = {event["stream"] for event in await twilio.messages() if event["text"] == "his"}
    body = {"channel": "whatsapp", "address": f"whatsapp:{other}"}
    gone = await twilio.customer.http.post("/v1/customers/forget", json=body)
    assert gone.json()["conversations"] == [his.partition("/")[2]]


async def test_nothing_is_left_by_which_their_messages_are_found_at_the_vendors(
    twilio: Twilio, parts: Services
) -> None:
    """Once they were forgotten: inbox keys outlive that, and so does what is on record of files."""
    media = f"ME{uuid4().hex}"
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/{media}"
    of = {"MessageType": "image", "NumMedia": "1", "MediaContentType0": "image/jpeg", "MediaUrl0": url}
    forms = [
        twilio.message("hi", **of),
        twilio.message("👍", MessageType="reaction"),
        twilio.message("one more"),
    ]
    for form in forms:
        assert (await twilio.send(form)).status_code == 200
        assert (await twilio.send(form)).status_code == 200
    (received, _) = await twilio.messages()
    (file,) = received["parts"]
    body = {"channel": "whatsapp", "address": forms[0]["From"]}
    assert (await twilio.customer.http.post("/v1/customers/forget", json=body)).status_code == 202
    assert file["id"] != str(uuid5(NAMESPACE_URL, url)), "what anybody can work out"
    names = [*(form["MessageSid"] for form in forms), media]
    with psycopg.connect(str(parts.settings.database_url)) as superuser:
        query = "SELECT key FROM retrace.inbox WHERE tenant = %s"
        keys = [key for (key,) in superuser.execute(query, [twilio.customer.tenant])]
    assert len(keys) >= len(forms)
    assert [(key, name) for key in keys for name in names if name in key] == []


async def test_a_save_that_fails_for_a_moment_is_tried_again(
    twilio: Twilio, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, failures = parts.store.change, 2

    async def failing(*args: Any, **more: Any) -> Any:
        nonlocal failures
        done = await change(*args, **more)
        if failures:  # it was saved, and the answer was lost
            failures -= 1
            raise Unavailable("away")
        return done

    monkeypatch.setattr(parts.store, "change", failing)
    assert (await twilio.send(twilio.message("once"))).status_code == 200
    assert len(await twilio.messages()) == 1
