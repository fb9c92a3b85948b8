"""How retrievals went, over HTTP: in the sums, what was found most, and which questions nothing was found for."""

from __future__ import annotations

from typing import Any

from tests.interfaces.http.conftest import Customer
from tests.until import until


async def read(customer: Customer, path: str, position: str) -> Any:
    reply = await customer.http.get(path, headers={"Retrace-Position": position})
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_a_retrieval_is_counted_with_what_it_found_and_what_was_cited(ours: Customer) -> None:
    nothing = await ours.ask("Is there anything about walruses?", address="early")
    file = {"file": ("seals.txt", b"Seals are fed at noon. Walruses sleep until noon.")}
    made = await ours.http.post("/v1/documents?wait=60", files=file)
    document = made.json()["id"]
    asked = await ours.ask("When are seals fed?", address="late")
    assert [each["document"] for each in asked.json()["citations"]] == [document]
    call = await ours.http.post(
        "/v1/chat/completions",
        json={"model": "agent", "messages": [{"role": "user", "content": "When are the seals fed?"}]},
    )
    assert call.status_code == 200, call.text
    position = call.headers["Retrace-Position"]

    summary = await read(ours, "/v1/analytics/retrieval", position)
    assert (summary["retrievals"], summary["nothing"], summary["cited"]) == (3, 1, 2)
    [index] = summary["sources"]
    assert (index["source"], index["outcomes"]) == ("index", {"found": 2, "nothing": 1})
    assert summary["latency"]["p50_ms"] > 0
    [attribution] = summary["attribution"]
    assert (attribution["source"], attribution["share"]) == ("document", 1.0)
    [most] = (await read(ours, "/v1/analytics/retrieval/documents", position))["items"]
    assert (most["document"], most["title"], most["found"], most["cited"]) == (document, "seals.txt", 2, 2)
    [passage] = (await read(ours, "/v1/analytics/retrieval/documents?by=passage", position))["items"]
    assert passage["passage"] == asked.json()["citations"][0]["passage"]

    missed = await read(ours, "/v1/analytics/retrieval/unanswered?result=nothing", position)
    [item] = missed["items"]
    assert (item["interaction"], item["question"]) == (
        nothing.json()["id"],
        "Is there anything about walruses?",
    )
    gone = await ours.http.post("/v1/customers/forget", json={"channel": "http", "address": "early"})
    assert gone.status_code == 202

    async def without_its_text() -> bool:
        [item] = (await read(ours, "/v1/analytics/retrieval/unanswered?result=nothing", position))["items"]
        return item["question"] is None

    await until(without_its_text)
    assert (await read(ours, "/v1/analytics/retrieval", position))["retrievals"] == 3


async def test_who_may_not_see_figures_sees_none(theirs: Customer) -> None:
    headers = await theirs.limited("conversations:read")
    for path in ("", "/documents", "/unanswered"):
        reply = await theirs.http.get(f"/v1/analytics/retrieval{path}", headers=headers)
        assert reply.status_code == 403
