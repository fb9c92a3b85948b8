"""Bursts for which no request waits: let finish, and answered together, once."""

from __future__ import annotations

from tests.interfaces.http.conftest import Customer


async def test_what_is_written_in_quick_succession_is_answered_together_and_once(ours: Customer) -> None:
    settings = {"quiet_seconds": 3, "burst_seconds": 20}
    assert (await ours.http.put("/v1/agent/configuration", json=settings)).status_code == 200
    parts = ["Hello", "I have a question", "when are you open on Saturdays?"]
    made = [(await ours.ask(text, address="piece by piece", wait=0)).json() for text in parts]
    assert len({each["id"] for each in made}) == 1
    shown = (await ours.http.get(f"/v1/interactions/{made[0]['id']}?wait=20")).json()
    assert (shown["status"], shown["messages"]) == ("answered", parts)
    events = (await ours.http.get(f"/v1/conversations/{made[0]['conversation']}/events")).json()["items"]
    assert sum(event["kind"] == "conversation.answered" for event in events) == 1
    assert sum(event["kind"] == "conversation.metered" for event in events) == 1, "nothing was made in vain"


async def test_a_burst_ends_for_who_goes_on_writing(ours: Customer) -> None:
    """The quiet never comes; the answer does."""
    settings = {"quiet_seconds": 1, "burst_seconds": 1}
    assert (await ours.http.put("/v1/agent/configuration", json=settings)).status_code == 200
    made = [(await ours.ask("And then?", address="never quiet", wait=0)).json()]
    while (await ours.http.get(f"/v1/interactions/{made[0]['id']}?wait=0.2")).json()["status"] == "pending":
        made.append((await ours.ask("And then?", address="never quiet", wait=0)).json())
        assert len(made) < 400
    shown = (await ours.http.get(f"/v1/interactions/{made[0]['id']}")).json()
    assert 1 <= len(shown["messages"]) <= len(made)
