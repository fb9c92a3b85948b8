"""The knowledge base over HTTP, with a worker and a projector beside it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.interfaces.http.conftest import Customer


async def write(customer: Customer, title: str, content: str, wait: int = 60, **more: Any) -> httpx.Response:
    body = {"title": title, "content": content, **more}
    reply = await customer.http.post(f"/v1/knowledge?wait={wait}", json=body)
    assert reply.status_code == 201, reply.text
    return reply


async def texts(customer: Customer, query: str) -> list[str]:
    found = await customer.http.post("/v1/search", json={"query": query, "limit": 50})
    return [item["text"] for item in found.json()["items"]]


async def test_an_entry_answers_a_question_and_is_cited_by_its_title(ours: Customer) -> None:
    made = await write(ours, "How long may I return shoes?", "Unworn shoes may be returned within 41 days.")
    assert (made.json()["status"], made.json()["version"]) == ("found", 1)
    answer = (await ours.ask("Within how many days may I return shoes?", address="cited")).json()
    assert "41 days" in answer["text"]
    [citation] = answer["citations"]
    assert (citation["title"], citation["document"]) == ("How long may I return shoes?", made.json()["id"])
    found = (await ours.http.post("/v1/search", json={"query": "returning shoes"})).json()["items"]
    assert (found[0]["document"], found[0]["source"]) == (made.json()["id"], "knowledge")


async def test_the_new_words_answer_after_an_update_and_none_after_a_deletion(ours: Customer) -> None:
    made = await write(ours, "What does a giraffe weigh?", "A giraffe weighs 1201 kilograms.")
    address = made.headers["Location"]
    question = "What does a giraffe weigh?"
    body = {"title": "What does a giraffe weigh?", "content": "A giraffe weighs 1302 kilograms."}
    changed = await ours.http.put(address, json=body)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    for address_of in ("first", "second"):  # whatever the worker has come to
        text = (await ours.ask(question, address=address_of)).json()["text"]
        assert "1201" not in text
    shown = (await ours.http.get(f"{address}?wait=60")).json()
    assert (shown["status"], shown["version"], shown["chunks"]) == ("found", 2, 1)
    assert "1302" in (await ours.ask(question, address="third")).json()["text"]
    gone = await ours.http.delete(address)
    assert gone.status_code == 204
    assert not [text for text in await texts(ours, question) if "giraffe" in text]
    assert "1302" not in (await ours.ask(question, address="fourth")).json()["text"]
    position = {"Retrace-Position": gone.headers["Retrace-Position"]}
    assert (await ours.http.get(address, headers=position)).json()["status"] == "deleted"
    assert (await ours.http.delete(address)).status_code == 404
    assert (await ours.http.put(address, json=body)).status_code == 404
    back = await ours.http.post(f"{address}/restore")
    assert (back.status_code, back.json()["version"]) == (200, 2)
    assert (await ours.http.get(f"{address}?wait=60")).json()["status"] == "found"
    assert "1302" in (await ours.ask(question, address="fifth")).json()["text"]


async def test_an_inactive_entry_answers_nothing(ours: Customer) -> None:
    made = await write(ours, "When are lions fed?", "Lions are fed at 15:45.", active=False)
    assert made.json()["status"] == "inactive"
    assert not [text for text in await texts(ours, "When are lions fed?") if "15:45" in text]
    body = {"title": "When are lions fed?", "content": "Lions are fed at 15:45."}
    assert (await ours.http.put(f"{made.headers['Location']}?wait=60", json=body)).json()["status"] == "found"
    assert [text for text in await texts(ours, "When are lions fed?") if "15:45" in text]


async def test_an_erased_entry_can_not_be_restored(ours: Customer) -> None:
    made = await write(ours, "Who founded the shop?", "Theodora founded the shop.")
    address = made.headers["Location"]
    assert (await ours.http.delete(address)).status_code == 204
    gone = await ours.http.delete(f"{address}?erase=true")
    assert gone.status_code == 204
    position = {"Retrace-Position": gone.headers["Retrace-Position"]}
    assert (await ours.http.get(address, headers=position)).status_code == 404
    assert (await ours.http.post(f"{address}/restore")).status_code == 404
    for status in ("present", "deleted"):
        listed = (await ours.http.get(f"/v1/knowledge?limit=200&status={status}", headers=position)).json()
        assert made.json()["id"] not in [item["id"] for item in listed["items"]]


async def test_an_entry_comes_back_as_it_was_written(ours: Customer) -> None:
    body = {
        "kind": "policy",
        "title": "Returns",
        "content": "Unworn goods\n\nmay be returned.",
        "keywords": ["refund", "money back"],
        "category": "Orders",
        "priority": 8,
        "active": True,
    }
    made = await ours.http.post("/v1/knowledge?wait=60", json=body)
    position = {"Retrace-Position": made.headers["Retrace-Position"]}
    shown = await ours.http.get(made.headers["Location"], headers=position)
    assert {name: shown.json()[name] for name in body} == body
    assert shown.headers["ETag"] == made.headers["ETag"]
    assert shown.json()["tokens"] > 0
    same = await ours.http.put(made.headers["Location"], json=body)
    assert (same.json()["version"], same.headers["ETag"]) == (1, made.headers["ETag"])


async def test_whoever_has_seen_another_version_changes_nothing(ours: Customer) -> None:
    made = await write(ours, "When are bears fed?", "Bears are fed at 9.")
    address, tag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    body = {"title": "When are bears fed?", "content": "Bears are fed at 10."}
    # It was indexed since, which changes nothing that anybody has seen.
    assert (await ours.http.put(address, json=body, headers=tag)).status_code == 200
    body["content"] = "Bears are fed at 11."
    assert (await ours.http.put(address, json=body, headers=tag)).status_code == 409
    assert (await ours.http.delete(address, headers=tag)).status_code == 409
    assert (await ours.http.get(address)).json()["content"] == "Bears are fed at 10."


async def test_lists_are_filtered_and_paged(theirs: Customer) -> None:
    for number in range(5):
        kind = "fact" if number % 2 else "policy"
        made = await write(
            theirs, f"Entry {number}", "It is so.", 0, kind=kind, category="Ｏdd" if number % 2 else "Even"
        )
    position = {"Retrace-Position": made.headers["Retrace-Position"]}

    async def titles(**query: str) -> list[str]:
        found: list[str] = []
        while True:
            reply = await theirs.http.get("/v1/knowledge", params={"limit": "2", **query}, headers=position)
            assert reply.status_code == 200, reply.text
            found += [item["title"] for item in reply.json()["items"]]
            if (cursor := reply.json()["next_cursor"]) is None:
                return found
            query["cursor"] = cursor

    assert await titles() == [f"Entry {number}" for number in reversed(range(5))]
    assert await titles(kind="fact") == ["Entry 3", "Entry 1"]
    assert await titles(category="odd") == ["Entry 3", "Entry 1"], "whatever its case"
    assert await titles(category="even", kind="fact") == []
    assert await titles(active="false") == []
    gone = await theirs.http.delete(made.headers["Location"])
    position = {"Retrace-Position": gone.headers["Retrace-Position"]}
    assert await titles() == [f"Entry {number}" for number in reversed(range(4))]
    assert await titles(status="deleted") == ["Entry 4"]


@pytest.mark.parametrize(
    "body",
    [
        {"title": "", "content": "x"},
        {"title": "x"},
        {"title": "x", "content": " "},
        {"title": "x", "content": "a\x00b"},
        {"title": "x", "content": "x" * 20_001},
        {"title": "x", "content": "y", "kind": "poem"},
        {"title": "x", "content": "y", "priority": 11},
        {"title": "x", "content": "y", "keywords": "one"},
        {"title": "x", "content": "y", "keywords": ["z"] * 51},
        {"title": "x", "content": "y", "unknown": 1},
        {"title": "One\nTwo", "content": "y"},
    ],
)
async def test_what_is_no_entry_is_400_and_says_why(ours: Customer, body: dict[str, Any]) -> None:
    reply = await ours.http.post("/v1/knowledge", json=body)
    assert (reply.status_code, reply.headers["Content-Type"]) == (400, "application/problem+json")
    assert reply.json()["detail"]


async def test_an_entry_of_nobody_is_404(ours: Customer, theirs: Customer) -> None:
    made = await write(theirs, "Their secret", "It is theirs.", 0)
    body = {"title": "Ours", "content": "Now ours."}
    for id in (made.json()["id"], str(uuid4())):
        address = f"/v1/knowledge/{id}"
        assert (await ours.http.get(address)).status_code == 404
        assert (await ours.http.put(address, json=body)).status_code == 404
        assert (await ours.http.post(f"{address}/restore")).status_code == 404
        assert (await ours.http.delete(address)).status_code == 404
    limited = await ours.limited("conversations:read")
    assert (await ours.http.get("/v1/knowledge", headers=limited)).status_code == 403


async def test_an_answer_says_that_entries_are_not_found_yet(
    ours: Customer, parts: Any, monkeypatch: Any
) -> None:
    go = asyncio.Event()
    replace = parts.vectors.replace

    async def slow(*args: Any, **more: Any) -> None:
        await go.wait()
        await replace(*args, **more)

    monkeypatch.setattr(parts.vectors, "replace", slow)
    made = await write(ours, "When are walruses waxed?", "Walruses are waxed on Thursdays.", 0)
    assert made.json()["status"] == "pending"
    early = (await ours.ask("When are walruses waxed?", address="early")).json()
    assert early["pending_documents"] == 1
    go.set()
    assert (await ours.http.get(f"{made.headers['Location']}?wait=60")).json()["status"] == "found"
    late = (await ours.ask("When are walruses waxed?", address="late")).json()
    assert ("Thursdays" in late["text"], late["pending_documents"]) == (True, 0)


async def test_a_file_is_imported_with_a_report_of_each_row(ours: Customer) -> None:
    file = "key,question,answer\nquokka,What do quokkas eat?,Quokkas eat 17 leaves a day.\n,,\nwombat,,none\n"
    made = await ours.http.post("/v1/knowledge/import", files={"file": ("faq.csv", file.encode())})
    assert made.status_code == 200, made.text
    assert made.json()["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    first, second = made.json()["rows"]
    assert (first["row"], first["outcome"], second["row"]) == (2, "created", 4)
    assert "title has no text" in second["reason"]
    shown = await ours.http.get(f"/v1/knowledge/{first['id']}?wait=60")
    assert shown.json()["status"] == "found"
    assert "17 leaves" in (await ours.ask("What do quokkas eat?", address="quokka")).json()["text"]
    for content in (b"", b"\xff\x00\xff", b"title\nx", b"[1"):
        refused = await ours.http.post("/v1/knowledge/import", files={"file": ("faq.csv", content)})
        assert (refused.status_code, bool(refused.json()["detail"])) == (400, True), refused.text


async def test_the_knowledge_base_is_searched_apart_by_kind_and_category(ours: Customer) -> None:
    form = {"file": ("otters.txt", b"Otters are weighed on Mondays, as every document says.")}
    await ours.http.post("/v1/documents?wait=60", files=form)
    fact = await write(
        ours, "Weight of otters", "Otters weigh 11 kilograms.", kind="fact", category="Animals"
    )
    policy = await write(
        ours, "Otters at the counter", "Otters stay outside.", kind="policy", category="Rules"
    )
    position = {"Retrace-Position": policy.headers["Retrace-Position"]}

    async def found(**more: Any) -> list[str]:
        body = {"query": "What do otters weigh?", "limit": 50, **more}
        reply = await ours.http.post("/v1/knowledge/search", json=body, headers=position)
        assert reply.status_code == 200, reply.text
        assert {item["source"] for item in reply.json()["items"]} <= {"knowledge"}
        return [item["document"] for item in reply.json()["items"]]

    everything = await found()
    assert everything[0] == fact.json()["id"]
    assert policy.json()["id"] in everything
    assert await found(kind="fact", category="ANIMALS") == [fact.json()["id"]]
    assert await found(category="Rules") == [policy.json()["id"]]
    assert await found(category="Nothing") == []
    await ours.http.delete(fact.headers["Location"])
    assert fact.json()["id"] not in await found()
    assert (await ours.http.post("/v1/knowledge/search", json={"query": ""})).status_code == 400


async def test_the_knowledge_base_is_searched_as_the_agent_is_configured(ours: Customer) -> None:
    made = await write(ours, "Where lynxes sleep", "Lynxes sleep in 3 dens.", kind="fact")
    position = {"Retrace-Position": made.headers["Retrace-Position"]}

    async def relevance() -> float:
        body = {"query": "wildcat", "limit": 50, "kind": "fact"}
        reply = await ours.http.post("/v1/knowledge/search", json=body, headers=position)
        return next(item["score"] for item in reply.json()["items"] if item["document"] == made.json()["id"])

    before = await relevance()
    reply = await ours.http.put("/v1/agent/configuration", json={"synonyms": [["lynx", "wildcat"]]})
    assert reply.status_code == 200, reply.text
    assert await relevance() > before + 0.1
    await ours.http.put("/v1/agent/configuration", json={})
