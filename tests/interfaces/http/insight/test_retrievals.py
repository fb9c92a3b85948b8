"""How retrievals went, over HTTP: in the sums, what was found most, and which questions nothing was found for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from domain.base.context import Context
from domain.retrieval.internet.enrichment import Enrichment
from interfaces.bootstrap import Services
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


async def test_what_was_looked_up_on_the_internet_is_counted(ours: Customer, parts: Services) -> None:
    at = parts.clock()
    found = Enrichment.begin(uuid4(), at)
    found.want("garmin", at)
    for outcome in ("found", "nothing", "failed", "found"):
        found.search("garmin", outcome, at=at)
    context = Context(tenant=ours.tenant, actor="system:test", correlation=uuid4())
    saved = await parts.store.save(found, context=context)
    figures = await read(ours, "/v1/analytics/enrichment", str(saved.position))
    counted = {name: figures[name] for name in ("missing", "stale", "searches", "found", "nothing", "failed")}
    assert counted == {"missing": 1, "stale": 0, "searches": 4, "found": 2, "nothing": 1, "failed": 1}
    assert (figures["hit_rate"], figures["failure_rate"], figures["cost_per_search"]) == (0.5, 0.25, "0")
    none = await read(ours, "/v1/analytics/enrichment?since=2026-01-01&until=2026-01-02", str(saved.position))
    assert (none["searches"], none["hit_rate"], none["failure_rate"]) == (0, None, None)
