"""From an operator's reply to a vendor's training file, through the public interface."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any
from uuid import UUID, uuid4

import httpx

from domain.learning.training.example import part_of
from tests.interfaces.http.conftest import Customer
from tests.until import until

QUESTIONS = """
do you have hiking boots in size forty-two
how long does a repair of the sole take
can a voucher be paid out in cash
is parking free in front of the shop
which wax is good for suede
do children get a discount on sandals
where is my parcel, it was due yesterday
may I return worn trainers after a month
are your laces made of cotton
why was my card charged twice
please cancel the order of this morning
does the insole fit narrow feet
who mends zips of winter boots
will the red pumps come back in spring
"""

BEA, CARL = {"operator": {"name": "Bea"}}, {"operator": {"name": "Carl"}}
CORRECTIONS = "/v1/bot/corrections/"


async def shown(reply: Awaitable[httpx.Response], status: int = 200) -> Any:
    got = await reply
    assert got.status_code == status, got.text
    return got.json() if got.content else None


async def corrected(customer: Customer, address: str, text: str, right: str) -> dict[str, Any]:
    """Asked, answered by the agent, answered better by Bea: the candidate that comes of it."""
    asked = (await customer.ask(text, address=address)).json()
    conversation = f"/v1/conversations/{asked['conversation']}"
    await shown(customer.http.post(f"{conversation}/claim", json=BEA))
    await shown(customer.http.post(f"{conversation}/reply", json={**BEA, "text": right}))

    async def candidate() -> Any:
        items = (await shown(customer.http.get(CORRECTIONS)))["items"]
        return next((each for each in items if each["agent_interaction_id"] == asked["id"]), None)

    found: dict[str, Any] = await until(candidate)
    await shown(customer.http.post(f"{conversation}/release", json=BEA))
    return found


async def approve(customer: Customer, correction: str, quality: float = 4.5, **more: Any) -> Any:
    body = {"approved": True, "quality_score": quality, **CARL, **more}
    return await shown(customer.http.post(f"{CORRECTIONS}{correction}/approve/", json=body))


async def test_a_candidate_comes_by_itself_and_is_reviewed(ours: Customer) -> None:
    found = await corrected(ours, "ann", "Are you open on Sunday?", "From ten to four.")
    assert (found["source"], found["status"], found["category"]) == ("operator", "proposed", "other")
    assert (found["message"], found["human_response"]) == ("Are you open on Sunday?", "From ten to four.")
    assert (found["proposed_by"], found["approved_by"], found["quality_score"]) == ("Bea", None, None)
    assert found["lineage"]["model"] == "extractive"
    assert found["lineage"]["use"] == "tenant_only"
    assert (await shown(ours.http.get(f"{CORRECTIONS}approved/")))["items"] == []
    said = await approve(ours, found["id"], category="missing_information")
    assert (said["status"], said["category"]) == ("approved", "missing_information")

    async def approved() -> Any:
        return (await shown(ours.http.get(f"{CORRECTIONS}approved/")))["items"]

    (listed,) = await until(approved)
    assert listed == await shown(ours.http.get(f"{CORRECTIONS}{found['id']}/"))
    assert (listed["approved_by"], listed["quality_score"]) == ("Carl", 4.5)
    assert listed["reviewed_at"] is not None
    for filters in ({"status": "rejected"}, {"category": "tone"}, {"source": "api"}):
        assert (await shown(ours.http.get(CORRECTIONS, params=filters)))["items"] == []


async def test_who_reviews_texts_that_were_extended_meanwhile_hears_so(ours: Customer) -> None:
    asked = (await ours.ask("Are you open at night?", address="extended")).json()
    conversation = f"/v1/conversations/{asked['conversation']}"
    await shown(ours.http.post(f"{conversation}/claim", json=BEA))
    tags = []
    for text in ("No.", "But on Fridays until ten."):
        await shown(ours.http.post(f"{conversation}/reply", json={**BEA, "text": text}))

        async def candidate(text: str = text) -> Any:
            items = (await shown(ours.http.get(CORRECTIONS)))["items"]
            mine = [each for each in items if each["agent_interaction_id"] == asked["id"]]
            return mine if mine and mine[0]["human_response"].endswith(text) else None

        (found,) = await until(candidate)
        read = await ours.http.get(f"{CORRECTIONS}{found['id']}")
        tags.append(read.headers["ETag"])
    assert read.json() == found
    review = {"approved": True, "quality_score": 5, **CARL}
    address = f"{CORRECTIONS}{found['id']}/approve"
    late = await ours.http.post(address, json=review, headers={"If-Match": tags[0]})
    assert (late.status_code, late.headers["ETag"]) == (409, tags[1])
    assert (await shown(ours.http.get(f"{CORRECTIONS}{found['id']}")))["status"] == "proposed"
    done = await ours.http.post(address, json=review, headers={"If-Match": tags[1]})
    assert (done.status_code, done.json()["status"]) == (200, "approved")


async def test_one_that_is_written_is_compared_with_the_log(ours: Customer) -> None:
    asked = (await ours.ask("Do you ship abroad?", address="bob")).json()
    body = {
        "agent_interaction_id": asked["id"],
        "conversation_id": asked["conversation"],
        "bot_response": asked["answer"],
        "human_response": "Yes, all over Europe.",
        "reason": "It did not know.",
        "category": "missing_information",
    }
    made = await shown(ours.http.post(CORRECTIONS, json=body), 201)
    assert (made["conversation_id"], made["status"]) == (asked["conversation"], "proposed")
    wrong = [
        ({"conversation_id": str(uuid4())}, 400),
        ({"bot_response": "Something else."}, 400),
        ({"agent_interaction_id": str(uuid4())}, 404),
        ({"human_response": asked["text"]}, 422),
        ({"human_response": " "}, 400),
        ({"category": "rude"}, 400),
        ({"more": 1}, 400),
    ]
    for change, status in wrong:
        assert (await ours.http.post(CORRECTIONS, json={**body, **change})).status_code == status, change
    for review in ({"approved": True, "quality_score": 6}, {"approved": True}, {"quality_score": 3}):
        assert (await ours.http.post(f"{CORRECTIONS}{made['id']}/approve", json=review)).status_code == 400
    missing = f"{CORRECTIONS}{uuid4()}"
    assert (await ours.http.get(missing)).status_code == 404
    review = {"approved": True, "quality_score": 5}
    assert (await ours.http.post(f"{missing}/approve", json=review)).status_code == 404
    limited = await ours.limited("conversations:read", "models:deploy")
    assert (await ours.http.get(CORRECTIONS, headers=limited)).status_code == 403


async def test_with_four_eyes_whoever_proposed_can_not_review(ours: Customer) -> None:
    rules = f"{CORRECTIONS}review"
    assert await shown(ours.http.get(rules)) == {"four_eyes": False}
    assert await shown(ours.http.put(rules, json={"four_eyes": True})) == {"four_eyes": True}
    asked = (await ours.ask("Do you ship?", address="eyes")).json()
    body = {"agent_interaction_id": asked["id"], "human_response": "Yes.", "category": "other", **BEA}
    made = await shown(ours.http.post(CORRECTIONS, json=body), 201)
    review = {"approved": True, "quality_score": 5}
    for who in (BEA, {}):
        refused = await ours.http.post(f"{CORRECTIONS}{made['id']}/approve", json={**review, **who})
        assert refused.status_code == 422
        assert "another person" in refused.json()["detail"]
    await approve(ours, made["id"])
    await shown(ours.http.put(rules, json={"four_eyes": False}))


async def test_a_dataset_is_filled_in_four_ways_and_frozen(ours: Customer) -> None:
    made = await shown(ours.http.post("/v1/datasets", json={"name": "Answers"}), 201)
    dataset = f"/v1/datasets/{made['id']}"
    case = {"message": "When?", "expected_answer": "At nine.", "intent": "hours"}
    by_hand = await shown(ours.http.post(f"{dataset}/cases", json={"cases": [case, case]}))
    assert (by_hand["added"], by_hand["duplicates"], by_hand["cases"]) == (1, 1, 1)
    assert "500" in by_hand["warning"]
    file = "message,expected_answer\r\nWo?,In Köln.\r\n,leer\r\n".encode()
    imported = await shown(ours.http.post(f"{dataset}/import", files={"file": ("cases.csv", file)}))
    assert (imported["added"], imported["refused_count"], imported["refused"][0]["row"]) == (1, 1, 3)
    for content, told in (
        (b"", "empty"),
        (b"question,answer\r\na,b", "no column message"),
        (b"\xff\xfe\xff", "UTF-8"),
    ):
        refused = await ours.http.post(f"{dataset}/import", files={"file": ("cases.csv", content)})
        assert (refused.status_code, told in refused.json()["detail"]) == (400, True), refused.text
    found = await corrected(ours, "case", "Do you mend shoes?", "Yes, within a week.")
    await approve(ours, found["id"], 3.0)
    taken = await shown(ours.http.post(f"{dataset}/corrections", json={"above": 2.5}))
    assert taken["added"] >= 1
    asked = (await ours.ask("Do you sell socks?", address="interaction")).json()
    body = {"interactions": [asked["id"], str(uuid4())]}
    recorded = await shown(ours.http.post(f"{dataset}/interactions", json=body))
    assert (recorded["added"], recorded["refused"]) == (
        1,
        [{"row": 2, "reason": "there is no such interaction"}],
    )
    frozen = await shown(ours.http.post(f"{dataset}/freeze"))
    assert frozen["version"] == 1
    again = await shown(ours.http.post(f"{dataset}/cases", json={"cases": [{**case, "message": "Now?"}]}))
    assert again["version"] == 2
    first = await shown(ours.http.get(f"{dataset}/cases?version=1&limit=2"))
    assert (len(first["items"]), first["frozen"], first["next_cursor"] is None) == (2, True, False)
    rest = await shown(ours.http.get(f"{dataset}/cases?version=1&cursor={first['next_cursor']}"))
    cases = first["items"] + rest["items"]
    assert len(cases) == recorded["cases"]
    assert {each["source"] for each in cases} == {"hand", "import", "correction", "interaction"}
    removed = await shown(ours.http.post(f"{dataset}/cases/remove", json={"cases": [cases[0]["id"]]}))
    assert removed["cases"] == recorded["cases"]
    assert (await shown(ours.http.get(dataset)))["version"] == 2

    async def listed() -> Any:
        items = (await shown(ours.http.get("/v1/datasets")))["items"]
        return [each for each in items if (each["name"], each["version"]) == ("Answers", 2)]

    await until(listed)
    await shown(ours.http.delete(dataset), 204)
    assert (await ours.http.get(dataset)).status_code == 404


async def test_a_training_file_holds_no_person_no_case_and_nobody_who_was_erased(theirs: Customer) -> None:
    texts = QUESTIONS.strip().splitlines()
    made = []
    for number, text in enumerate(texts):
        right = f"Yes, Mr Zorbinqual, answer {chr(97 + number) * 4}; call +49 170 {4444000 + number}."
        made.append(await corrected(theirs, f"customer {number}", text, right))
        await approve(theirs, made[-1]["id"], 4.0 if number == 0 else 4.6)
    case = {"message": texts[1].upper(), "expected_answer": "Yes."}
    dataset = await shown(theirs.http.post("/v1/datasets", json={"name": "Held out"}), 201)
    await shown(theirs.http.post(f"/v1/datasets/{dataset['id']}/cases", json={"cases": [case]}))
    asked = await shown(theirs.http.post("/v1/training-sets", json={"name": "First", "system": "Help."}), 202)
    address = f"/v1/training-sets/{asked['id']}"

    async def ready() -> Any:
        found = await shown(theirs.http.get(address))
        return found if found["status"] == "ready" else None

    found = await until(ready)
    statistics = found["statistics"]
    assert found["use"] == "tenant_only"
    assert statistics["left_out"] == {"near_evaluation_case": 1}
    assert statistics["train"] + statistics["validation"] == 12
    assert statistics["masked"]["phone"] == 12
    assert statistics["masked"]["name"] >= 12
    train = [each for each in made[2:] if part_of(UUID(each["conversation_id"])) == "train"]
    for form in ("openai", "vertex", "together"):
        looked = await shown(theirs.http.get(f"{address}/check", params={"format": form}))
        assert looked["examples"] == len(train)
        file = await theirs.http.get(f"{address}/export", params={"format": form})
        if looked["problems"]:
            assert (form, file.status_code) == ("openai", 422)
            continue
        assert file.status_code == 200
        assert len(file.content) == looked["bytes"]
        again = await theirs.http.get(f"{address}/export", params={"format": form})
        assert again.content == file.content
        lines = [json.loads(line) for line in file.text.splitlines()]
        assert len(lines) == len(train)
        whole = file.text.lower()
        assert not any(word in whole for word in ("zorbinqual", "4444", texts[1], "bea"))
    gone = train[0]
    held = train[1]
    forget = {"channel": "http", "address": f"customer {made.index(gone)}"}
    await shown(theirs.http.post("/v1/customers/forget", json=forget), 202)
    late = {"message": held["message"], "expected_answer": "Yes."}
    await shown(theirs.http.post(f"/v1/datasets/{dataset['id']}/cases", json={"cases": [late]}))

    async def erased() -> Any:
        looked = await shown(theirs.http.get(f"{address}/check", params={"format": "vertex"}))
        return looked if looked["gone"].get("erased") else None

    looked = await until(erased)
    assert looked["gone"] == {"erased": 1, "near_evaluation_case": 1}
    file = await theirs.http.get(f"{address}/export", params={"format": "vertex"})
    assert len(file.text.splitlines()) == len(train) - 2
    assert gone["message"] not in file.text
    assert (await theirs.http.get(f"{address}/export?format=csv")).status_code == 400
    await shown(theirs.http.delete(address), 204)
    assert (await theirs.http.get(address)).status_code == 404
