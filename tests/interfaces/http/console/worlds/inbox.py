"""What pages show: worlds with names, each made once for a tenant. They give the parts of a page's path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

from tests.interfaces.http.conftest import Customer, settled

World = Callable[[Customer], Awaitable[Mapping[str, str]]]
_made: dict[tuple[str, str], Mapping[str, str]] = {}

MARKUP = "<img src=x onerror=alert(1)> <b>Are you open?</b>"


def once(make: World) -> World:
    """Several pages show the same one."""

    @wraps(make)
    async def world(ours: Customer) -> Mapping[str, str]:
        key = (make.__name__, str(ours.tenant))
        if key not in _made:
            _made[key] = await make(ours)
        return _made[key]

    return world


@once
async def conversation(ours: Customer) -> Mapping[str, str]:
    """A customer whose text looks like markup, answered from a document and rated; and another one who waits for a person."""
    text = b"Opening hours\n\nWe are open from Monday to Friday, 9 to 17. On Sundays we are closed."
    made = await ours.http.post("/v1/documents", files={"file": ("hours.txt", text)})
    assert made.status_code < 300, made.text
    await settled(ours, f"/v1/documents/{made.json()['id']}")
    ann = {"customer": {"channel": "http", "address": "ann", "name": "Ann"}}
    reply = await ours.http.post("/v1/messages", json={**ann, "text": MARKUP})
    answer = (await ours.http.post("/v1/messages", json={**ann, "text": "Are you open on Monday?"})).json()
    assert reply.status_code == 200, reply.text
    rating = {"agent_interaction_id": answer["id"], "rating": "helpful", "feedback_text": "Thanks <3"}
    assert (await ours.http.post("/v1/bot/feedback/submit", json=rating)).status_code == 200
    asked = await ours.ask("I want to talk to a human", address="bob")
    position = {"Retrace-Position": asked.headers["Retrace-Position"]}
    waiting = await ours.http.get("/v1/conversations?waiting=true", headers=position)
    assert len(waiting.json()["items"]) == 1, waiting.text
    return {"conversation": answer["conversation"], "interaction": answer["id"]}


@once
async def an_experiment(ours: Customer) -> Mapping[str, str]:
    """It runs, and nobody has come yet."""
    design = {
        "name": "Tone",
        "arms": [
            {"name": "control", "share": 0.5},
            {"name": "warm", "share": 0.5, "variant": {"configuration": {"tone": "warm and patient"}}},
        ],
    }
    made = await ours.http.post("/v1/experiments", json=design)
    assert made.status_code == 201, made.text
    started = await ours.http.post(f"/v1/experiments/{made.json()['id']}/start")
    assert started.status_code == 200, started.text
    return {"experiment": made.json()["id"]}
