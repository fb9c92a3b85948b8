"""Operators over HTTP: who has a conversation, what the customer gets, what the lists show."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.following import following

BEA, CARL = {"operator": {"name": "Bea"}}, {"operator": {"name": "Carl"}}


async def asked(ours: Customer, address: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """The conversation's address, and what was answered."""
    made = (await ours.ask("When are you open?", address=address, **more)).json()
    return f"/v1/conversations/{made['conversation']}", made


async def listed(ours: Customer, position: str, **filters: Any) -> list[dict[str, Any]]:
    reply = await ours.http.get("/v1/conversations", params=filters, headers={"Retrace-Position": position})
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def test_an_operator_takes_replies_and_gives_back(ours: Customer) -> None:
    address, _ = await asked(ours, "taken")
    claimed = await ours.http.post(f"{address}/claim", json=BEA)
    assert claimed.json()["handoff"] == {
        "category": "takeover",
        "waiting_since": None,
        "operator": "Bea",
    }
    other = await ours.http.post(f"{address}/claim", json=CARL)
    assert (other.status_code, other.json()["operator"]) == (409, "Bea")
    assert (await ours.http.post(f"{address}/reply", json={**CARL, "text": "Hi."})).status_code == 409
    waiting = await ours.ask("Is anybody there?", address="taken", wait=5)
    assert waiting.status_code == 202, "the agent is silent, and nobody is kept waiting"
    reply = await ours.http.post(f"{address}/reply", json={**BEA, "text": "Yes, Bea here."})
    assert reply.status_code == 200, reply.text
    assert reply.json()["interactions"] == [waiting.json()["id"]]
    position = {"Retrace-Position": reply.headers["Retrace-Position"]}
    shown = (await ours.http.get(f"/v1/interactions/{waiting.json()['id']}", headers=position)).json()
    assert (shown["status"], shown["operator"], shown["answer"]) == ("answered", "Bea", "Yes, Bea here.")
    why = (await ours.http.get(f"/v1/interactions/{waiting.json()['id']}/why")).json()
    assert (why["status"], why["operator"], why["answer"]) == ("answered", "Bea", "Yes, Bea here.")
    read = (await ours.http.get(address, headers=position)).json()
    assert [turn["by"] for turn in read["turns"]] == [
        "customer",
        "system",
        "agent",
        "customer",
        "operator",
    ]
    assert read["interactions"][-1] == shown
    released = await ours.http.post(f"{address}/release", json=BEA)
    assert released.json()["handoff"] is None
    again = await ours.ask("And on Sundays?", address="taken")
    assert (again.status_code, again.json()["operator"]) == (200, None)


async def test_what_came_meanwhile_is_answered_once_it_is_given_back(ours: Customer) -> None:
    address, _ = await asked(ours, "given back")
    await ours.http.post(f"{address}/claim", json=BEA)
    waiting = (await ours.ask("Do you ship?", address="given back", wait=0)).json()
    await ours.http.post(f"{address}/release", json=BEA)
    shown = await ours.http.get(f"/v1/interactions/{waiting['id']}?wait=10")
    assert shown.json()["status"] == "answered"


async def test_a_reply_sent_again_is_said_once(ours: Customer) -> None:
    address, _ = await asked(ours, "again")
    await ours.http.post(f"{address}/claim", json=BEA)
    key = {"Idempotency-Key": str(uuid4())}
    body = {**BEA, "text": "Only once."}
    first, second = [await ours.http.post(f"{address}/reply", json=body, headers=key) for _ in range(2)]
    assert first.json() == second.json()
    events = (await ours.http.get(f"{address}/events")).json()["items"]
    assert sum(event["kind"] == "conversation.replied" for event in events) == 1


async def test_rich_replies_are_checked(ours: Customer) -> None:
    address, _ = await asked(ours, "rich")
    await ours.http.post(f"{address}/claim", json=BEA)
    rich = {"type": "quick_replies", "body": "Which?", "options": [{"title": "S"}, {"title": "M"}]}
    good = await ours.http.post(f"{address}/reply", json={**BEA, "rich": rich})
    assert good.status_code == 200, good.text
    assert "Which?" in good.json()["text"]
    rich["options"] = [{"title": "far too long a title for a button"}]
    bad = await ours.http.post(f"{address}/reply", json={**BEA, "rich": rich})
    assert bad.status_code == 400
    assert "20" in bad.json()["detail"]
    for body in ({**BEA}, {**BEA, "text": "  "}, {"text": "x"}, {"operator": {"name": ""}, "text": "x"}):
        assert (await ours.http.post(f"{address}/reply", json=body)).status_code == 400


async def test_the_list_tells_who_waits_and_who_has_whom(theirs: Customer) -> None:
    addresses = {}
    for name in ("alone", "waits", "replied"):
        addresses[name], _ = await asked(theirs, name)
    ids = {name: address.rpartition("/")[2] for name, address in addresses.items()}
    for name in ("waits", "replied"):
        await theirs.http.post(f"{addresses[name]}/claim", json=BEA if name == "waits" else CARL)
        last = await theirs.ask("Hello?", address=name, wait=0)
    last = await theirs.http.post(f"{addresses['replied']}/reply", json={**CARL, "text": "Hello."})
    position = last.headers["Retrace-Position"]

    async def found(**filters: Any) -> set[str]:
        shown = {item["id"] for item in await listed(theirs, position, **filters)}
        return {name for name, id in ids.items() if id in shown}

    assert await found() == {"alone", "waits", "replied"}
    assert await found(handed_over="true") == {"waits", "replied"}
    assert await found(handed_over="false") == {"alone"}
    assert await found(waiting="true") == {"waits"}
    assert await found(claimed_by="Carl") == {"replied"}
    assert await found(claimed_by="Dora") == set()
    assert await found(until="2020-01-01T00:00:00Z") == set()
    assert await found(since="2020-01-01T00:00:00Z") == {"alone", "waits", "replied"}
    (shown,) = await listed(theirs, position, claimed_by="Bea")
    assert shown["handoff"]["operator"] == "Bea"
    assert shown["handoff"]["waiting_since"] is not None
    closed = await theirs.http.post(f"{addresses['waits']}/close")
    position = closed.headers["Retrace-Position"]
    assert await found(handed_over="true") == {"replied"}


async def test_a_closed_conversation_is_opened_again_without_a_message(ours: Customer) -> None:
    address, made = await asked(ours, "reopened")
    await ours.http.post(f"{address}/close")
    assert (await ours.http.post(f"{address}/claim", json=BEA)).status_code == 422
    opened = await ours.http.post(f"{address}/reopen")
    assert opened.json() == {"id": made["conversation"], "status": "open"}
    again = await ours.http.post(f"{address}/reopen")
    assert again.headers["Retrace-Position"] == opened.headers["Retrace-Position"]
    assert (await ours.http.post(f"{address}/claim", json=BEA)).status_code == 200


async def test_a_conversation_is_followed_live_and_no_other(app: Any, ours: Customer) -> None:
    address, _ = await asked(ours, "followed")
    async with following(app, ours, path=f"{address}/events/stream") as followed:
        await followed.until("retry:")
        await ours.ask("Not for you", address="somebody else")
        await ours.http.post(f"{address}/claim", json=BEA)
        await ours.http.post(f"{address}/reply", json={**BEA, "text": "Live from here."})
        text = await followed.until("Live from here.")
    assert "event: conversation.claimed" in text
    assert "Not for you" not in text
    last = [line for line in text.splitlines() if line.startswith("id: ")][-1].partition(" ")[2]
    async with following(
        app, ours, path=f"{address}/events/stream", **{"last-event-id": str(int(last) - 1)}
    ) as followed:
        assert "conversation.claimed" not in await followed.until("Live from here.")
    missing = await ours.http.get(f"/v1/conversations/{uuid4()}/events/stream")
    assert missing.status_code == 404


async def test_operators_need_the_right_to_write(ours: Customer) -> None:
    address, _ = await asked(ours, "scoped")
    reader = await ours.limited("conversations:read")
    for command in ("claim", "reply", "release", "reopen"):
        body = {**BEA, "text": "x"} if command == "reply" else BEA
        answer = await ours.http.post(f"{address}/{command}", json=body, headers=reader)
        assert answer.status_code == 403, command
