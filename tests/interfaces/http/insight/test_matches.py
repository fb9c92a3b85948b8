"""How often customers let stand what they were taken to mean; and what is outside the business is declined and counted."""

from __future__ import annotations

from typing import Any

from domain.answers.decision import VERSION
from tests.interfaces.http.conftest import Customer


async def say(customer: Customer, text: str, address: str) -> dict[str, Any]:
    reply = await customer.ask(text, address=address)
    assert reply.status_code == 200, reply.text
    customer.http.headers["Retrace-Position"] = reply.headers["Retrace-Position"]
    shown: dict[str, Any] = reply.json()
    return shown


async def test_what_was_asked_or_gone_by_is_settled_by_what_comes_next(ours: Customer) -> None:
    usual = {"kind": "answer", "category": None, "evidence": [], "rule": VERSION}
    names = {"business_names": ["Blouse", "Trekker"]}
    assert (await ours.http.put("/v1/agent/configuration", json=names)).status_code == 200
    for address, replies in (
        ("ann", ("yes please",)),
        ("bob", ("No.",)),
        ("cat", ("What does delivery to Rome cost?",)),
        ("dan", ()),
    ):
        asked = await say(ours, "Is the trecer in stock?", address)
        assert asked["decision"].get("category") == "correction", asked["understanding"]
        for reply in replies:
            await say(ours, reply, address)
    made = await say(ours, "Do you have the bluse?", "eve")
    (correction,) = made["understanding"]["corrections"]
    assert (correction["meant"], made["decision"]) == ("Blouse", usual)
    await say(ours, "And in green?", "eve")
    await say(ours, "Do you have the bluse?", "fay")
    await say(ours, "No, the tractor", "fay")
    figures = (await ours.http.get("/v1/analytics/matches")).json()
    items = {(each["by"], each["how"]): each for each in figures.pop("items")}
    assert figures == {"matched": 6, "accepted": 2, "rejected": 2, "accuracy": 0.5}
    counts = {key: (each["matched"], each["accepted"], each["rejected"]) for key, each in items.items()}
    assert counts == {("spelling", "asked"): (4, 1, 1), ("spelling", "made"): (2, 1, 1)}
    later = await ours.http.get(
        "/v1/analytics/matches", params={"since": "2099-01-01", "until": "2099-01-02"}
    )
    assert later.json() == {"matched": 0, "accepted": 0, "rejected": 0, "accuracy": None, "items": []}
    headers = await ours.limited("conversations:read")
    assert (await ours.http.get("/v1/analytics/matches", headers=headers)).status_code == 403


async def test_what_is_outside_the_business_is_declined_politely_and_counted(theirs: Customer) -> None:
    asked = await say(theirs, "Can you write me a poem about the moon?", "ann")
    assert (asked["status"], asked["decision"]["kind"], asked["decision"]["category"]) == (
        "answered",
        "decline",
        "outside",
    )
    assert asked["decision"]["evidence"]
    assert (asked["template"], asked["handoff"], asked["cost"]) == ("decline/1", None, "0")
    assert (asked["provider"], asked["citations"]) == (None, [])
    assert "sorry" in asked["text"].lower() or "can't help" in asked["text"], asked["text"]
    german = await say(theirs, "Schreib mir bitte ein Gedicht über den Mond", "udo")
    assert (german["decision"]["category"], german["understanding"]["language"]) == ("outside", "de")
    assert german["text"] != asked["text"]
    usual = await say(theirs, "When are you open?", "ann")
    assert (usual["decision"]["kind"], usual["decision"]["category"]) == ("answer", None)
    counted = (await theirs.http.get("/v1/analytics/decisions")).json()["items"]
    sums = {(each["kind"], each["category"]): each["count"] for each in counted}
    assert sums == {("decline", "outside"): 2, ("answer", None): 1}
