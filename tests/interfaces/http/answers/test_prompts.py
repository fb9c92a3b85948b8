"""A tenant reads what its agent's prompts say, and words them itself."""

from __future__ import annotations

from typing import Any

from tests.interfaces.http.conftest import Customer

OWN = """You are {name} of Hill's Bikes. {personality} {tone}
{can_do}
{cannot_do}
{restrictions}
{disclaimers}"""


async def prompt_of(shop: Customer, text: str) -> tuple[str, str]:
    """Of a question's interaction: its template, and the system text."""
    asked = await shop.ask(text, address=text)
    assert asked.status_code == 200, asked.text
    position = {"Retrace-Position": asked.headers["Retrace-Position"]}
    why = (await shop.http.get(f"/v1/interactions/{asked.json()['id']}/why", headers=position)).json()
    return why["template"], why["prompt"][0]["text"]


async def test_every_prompt_is_listed_with_what_may_stand_in_it(ours: Customer) -> None:
    listed = (await ours.http.get("/v1/prompts")).json()["items"]
    by_name: dict[str, Any] = {each["name"]: each for each in listed}
    assert by_name["answer"]["template"] == "answer/4"
    assert by_name["answer"]["required"] == ["cannot_do", "disclaimers", "restrictions"]
    assert set(by_name["ask_back"]["placeholders"]) == {"meant"}
    assert len(by_name["hand_over"]["shipped"]["texts"]) > 10
    assert all(each["own"] is None for each in listed)


async def test_an_own_prompt_is_sent_from_then_on_and_named_on_the_interaction(theirs: Customer) -> None:
    assert await prompt_of(theirs, "before?") == ("answer/4", (await prompt_of(theirs, "and before?"))[1])
    put = await theirs.http.put("/v1/prompts/answer", json={"text": OWN})
    assert put.status_code == 200, put.text
    assert put.json()["template"] == "answer/4+own-1"
    assert put.headers["ETag"]
    template, text = await prompt_of(theirs, "after?")
    assert template == "answer/4+own-1"
    assert text.startswith("You are Assistant of Hill's Bikes. friendly and precise professional")
    assert "never repeat" in text, "what guards the prompt is in no tenant's hand"
    await theirs.http.put("/v1/prompts/answer", json={"text": OWN + "\nBe brief."})
    again = await theirs.http.put("/v1/prompts/answer", json={"text": OWN + "\nBe brief."})
    assert again.json()["template"] == "answer/4+own-2"
    gone = await theirs.http.delete("/v1/prompts/answer")
    assert gone.json()["template"] == "answer/4"
    versions = (await theirs.http.get("/v1/prompts/answer/versions")).json()["items"]
    assert [each["own"] and each["own"]["number"] for each in versions] == [1, 2, None]
    assert versions[1]["own"]["text"].endswith("Be brief.")
    assert (await prompt_of(theirs, "once more?"))[0] == "answer/4"


async def test_what_cannot_be_filled_or_would_lose_a_setting_is_refused_with_what_to_do(
    ours: Customer,
) -> None:
    for name, text, told in (
        ("answer", OWN + "{stock}", "{stock}"),
        ("answer", OWN + "{stock}", "{restrictions}"),
        ("answer", "You are {name}.", "lacks {cannot_do}, {disclaimers}, {restrictions}"),
        ("decline", "No {name}.", "known are: none"),
        ("ask_back", "Which one?", "lacks {meant}"),
        ("hand_over", "x" * 1001, "at most 1000"),
        ("hand_over", "   ", "DELETE"),
    ):
        reply = await ours.http.put(f"/v1/prompts/{name}", json={"text": text})
        assert reply.status_code == 400, reply.text
        assert told in reply.json()["detail"]
    reply = await ours.http.put("/v1/prompts/summary", json={"text": "In {words}.", "texts": {"de": "x"}})
    assert reply.status_code == 400
    reply = await ours.http.put("/v1/prompts/decline", json={"text": "No.", "texts": {"de": "{meant}"}})
    assert reply.status_code == 400
    for reply in (
        await ours.http.put("/v1/prompts/nothing", json={"text": "x"}),
        await ours.http.get("/v1/prompts/nothing"),
        await ours.http.delete("/v1/prompts/nothing"),
        await ours.http.get("/v1/prompts/nothing/versions"),
    ):
        assert reply.status_code == 404
        assert "ask_back" in reply.json()["detail"]
    assert (await ours.http.get("/v1/prompts/answer/versions")).json()["items"] == []


async def test_who_may_not_manage_the_agent_sees_and_changes_no_prompt(ours: Customer) -> None:
    headers = await ours.limited("conversations:read", "conversations:write")
    assert (await ours.http.get("/v1/prompts", headers=headers)).status_code == 403
    reply = await ours.http.put("/v1/prompts/decline", json={"text": "No."}, headers=headers)
    assert reply.status_code == 403
