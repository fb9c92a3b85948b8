"""Answers are rated by who saw them, and by nobody else; what comes of it is counted and listed."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from application.answers.feedback_token import issue_token, read_token
from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import UNLIMITED, Customer

SUBMIT, ANALYTICS, HISTORY = "/v1/bot/feedback/submit/", "/v1/bot/feedback/analytics/", "/v1/bot/feedback/"
FIELDS = {
    "total_feedback",
    "helpful_count",
    "not_helpful_count",
    "helpful_rate",
    "avg_implicit_score",
    "feedback_with_comments",
    "user_continued_rate",
    "completed_action_rate",
    "requested_human_rate",
}


def rating(shown: dict[str, Any], word: str = "helpful", **more: Any) -> dict[str, Any]:
    body = {"agent_interaction_id": shown["id"], "rating": word, "feedback_token": shown["feedback_token"]}
    return {name: value for name, value in (body | more).items() if value is not None}


async def answered(customer: Customer, address: str = "ann") -> dict[str, Any]:
    reply = await customer.ask("When are you open?", address=address)
    assert reply.status_code == 200, reply.text
    shown: dict[str, Any] = reply.json()
    return shown


async def now(customer: Customer, parts: Services) -> dict[str, str]:
    """Headers that ask for all that was written until now."""
    return {"Retrace-Position": str(await parts.reads.head(customer.tenant))}


async def test_whoever_has_the_token_rates_the_answer_and_may_change_their_mind(
    ours: Customer, anyone: httpx.AsyncClient, parts: Services
) -> None:
    shown = await answered(ours)
    same = (await ours.http.get(f"/v1/interactions/{shown['id']}", headers=await now(ours, parts))).json()
    assert same["feedback_token"] == shown["feedback_token"], "it is the same one whenever it is shown"
    first = await anyone.post(SUBMIT, json=rating(shown))
    assert (first.status_code, first.json()) == (
        200,
        {"agent_interaction_id": shown["id"], "rating": "helpful", "commented": False, "changed": True},
    )
    assert "Retrace-Position" not in first.headers
    second = await anyone.post(SUBMIT, json=rating(shown, "not_helpful", feedback_text="Out of date."))
    assert second.json() == first.json() | {"rating": "not_helpful", "commented": True}
    third = await anyone.post(SUBMIT, json=rating(shown, "not_helpful", feedback_text="Out of date."))
    assert third.json() == second.json() | {"changed": False}
    told = (await ours.http.get(ANALYTICS, headers=await now(ours, parts))).json()
    assert set(told) == FIELDS
    assert (told["total_feedback"], told["not_helpful_count"], told["feedback_with_comments"]) == (1, 1, 1)
    assert (told["helpful_rate"], told["user_continued_rate"], told["requested_human_rate"]) == (
        0.0,
        0.0,
        0.0,
    )
    assert told["avg_implicit_score"] == 0.5
    (item,) = (await ours.http.get(HISTORY)).json()["items"]
    kept = {"agent_interaction_id": shown["id"], "conversation": shown["conversation"], "changes": 1}
    assert item == item | kept | {"rating": "not_helpful", "feedback_text": "Out of date.", "source": "api"}
    beside = {"rating": "not_helpful", "feedback_text": "Out of date.", "source": "api"}
    for address in (f"/v1/interactions/{shown['id']}", f"/v1/conversations/{shown['conversation']}"):
        read = (await ours.http.get(address, headers=await now(ours, parts))).json()
        of = read if "interactions" not in read else read["interactions"][0]
        assert of["rating"] == of["rating"] | beside, "it stands beside the answer"
    events = (await ours.http.get("/v1/audit/events", params={"kind": "feedback.rated"})).json()["items"]
    assert [event["data"]["helpful"] for event in events] == [True, False]
    assert {event["actor"] for event in events} == {"customer"}


async def test_a_key_rates_too_with_its_scope_and_only_what_was_answered(
    theirs: Customer, parts: Services
) -> None:
    shown = await answered(theirs)
    body = rating(shown, feedback_token=None)
    weak = await theirs.limited("conversations:read")
    assert (await theirs.http.post(SUBMIT, json=body, headers=weak)).status_code == 403
    good = await theirs.http.post(SUBMIT, json=body, headers=await now(theirs, parts))
    assert (good.status_code, good.json()["changed"]) == (200, True)
    assert int(good.headers["Retrace-Position"]) == await parts.reads.head(theirs.tenant)
    nowhere = await theirs.http.post(SUBMIT, json=body | {"agent_interaction_id": str(uuid4())})
    assert nowhere.status_code == 404


async def test_what_gives_no_right_is_told_why_and_leaves_no_event(
    ours: Customer, theirs: Customer, anyone: httpx.AsyncClient, parts: Services
) -> None:
    shown, other = await answered(ours), await answered(ours, "bob")
    claims = read_token(shown["feedback_token"])
    old = await issue_token(
        ours.tenant,
        claims.interaction,
        claims.conversation,
        answered_at=datetime.now().astimezone() - timedelta(days=31),
        days=30,
        keyring=parts.keyring,
    )
    token = shown["feedback_token"]
    head = [await parts.reads.head(each.tenant) for each in (ours, theirs)]
    changed = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in (0, 5, 30, 50, 70, 80)]
    refusals = [
        (rating(shown, feedback_token=None), 401, "feedback_token"),
        *(
            (rating(shown, feedback_token=wrong), 401, "none of ours")
            for wrong in (*changed, "x", "é" * 20, token[:-2])
        ),
        (rating(shown, feedback_token=old), 403, "was over at"),
        (rating(shown, feedback_token=other["feedback_token"]), 403, "another interaction"),
    ]
    for body, status, what in refusals:
        reply = await anyone.post(SUBMIT, json=body)
        assert (reply.status_code, what in reply.json()["detail"]) == (status, True), (body, reply.text)
    foreign = await theirs.http.post(SUBMIT, json=rating(shown))
    assert (foreign.status_code, "another tenant's" in foreign.json()["detail"]) == (403, True)
    elsewhere = await theirs.http.post(SUBMIT, json=rating(shown, feedback_token=None))
    assert elsewhere.status_code == 404
    bad = await anyone.post(SUBMIT, json=rating(shown, headers="no"))
    assert bad.status_code == 400, "the body has the specified fields alone"
    assert [await parts.reads.head(each.tenant) for each in (ours, theirs)] == head
    long = await anyone.post(SUBMIT, json=rating(shown, feedback_text="x" * 2001))
    assert long.status_code == 400


async def test_an_answer_can_be_rated_as_long_as_the_tenant_says(
    app: Any, theirs: Customer, anyone: httpx.AsyncClient, parts: Services
) -> None:
    await theirs.http.put("/v1/agent/configuration", json={"feedback_days": 2})
    shown = await answered(theirs, "eve")
    claims = read_token(shown["feedback_token"])
    assert claims.expires - datetime.fromisoformat(shown["answered_at"]) == pytest.approx(
        timedelta(days=2), abs=timedelta(seconds=1)
    )
    later = dataclasses.replace(parts, clock=lambda: claims.expires + timedelta(seconds=1))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(later)),
        base_url="http://retrace",
        headers=theirs.http.headers,
    ) as then:
        again = (await then.get(f"/v1/interactions/{shown['id']}", headers=await now(theirs, parts))).json()
        assert again["feedback_token"] is None
        assert (await then.post(SUBMIT, json=rating(shown))).status_code == 403
    assert (await anyone.post(SUBMIT, json=rating(shown))).status_code == 200


async def test_an_erased_customers_answer_is_rated_no_more_and_their_words_are_gone(
    ours: Customer, anyone: httpx.AsyncClient, parts: Services
) -> None:
    shown = await answered(ours, "gone")
    assert (await anyone.post(SUBMIT, json=rating(shown, feedback_text="I am Ada."))).status_code == 200
    query = {"commented": "true", "limit": "1"}
    (before,) = (await ours.http.get(HISTORY, params=query, headers=await now(ours, parts))).json()["items"]
    assert before["feedback_text"] == "I am Ada."
    figures = (await ours.http.get(ANALYTICS)).json()
    gone = await ours.http.post("/v1/customers/forget", json={"channel": "http", "address": "gone"})
    assert gone.status_code == 202
    late = await anyone.post(SUBMIT, json=rating(shown, "not_helpful"))
    assert (late.status_code, "erased" in late.json()["detail"]) == (404, True)
    while (await ours.http.get(HISTORY, params=query)).json()["items"][0]["feedback_text"] is not None:
        pass
    assert (await ours.http.get(ANALYTICS, headers=await now(ours, parts))).json() == figures


async def test_a_call_of_the_completions_api_is_rated_by_its_token(
    ours: Customer, anyone: httpx.AsyncClient, parts: Services
) -> None:
    body = {"model": "local/extractive", "messages": [{"role": "user", "content": "Open?"}], "user": "joe"}
    reply = await ours.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    extra = reply.json()["retrace"]
    shown = {"id": extra["call"], "feedback_token": extra["feedback_token"]}
    assert (await anyone.post(SUBMIT, json=rating(shown, feedback_text="I am Joe."))).status_code == 200
    assert (
        await ours.http.post(SUBMIT, json=rating(shown, "not_helpful", feedback_token=None))
    ).status_code == 200
    (item,) = (await ours.http.get(HISTORY, params={"limit": 1}, headers=await now(ours, parts))).json()[
        "items"
    ]
    assert (item["agent_interaction_id"], item["rating"], item["feedback_text"]) == (
        extra["call"],
        "not_helpful",
        "I am Joe.",
    )
    assert item["conversation"] not in (extra["call"], str(UUID(int=0)))


async def test_the_list_goes_on_where_a_page_ended_and_keeps_to_its_filters(
    theirs: Customer, anyone: httpx.AsyncClient, parts: Services
) -> None:
    for n in range(5):
        shown = await answered(theirs, f"page-{n}")
        word = "helpful" if n % 2 else "not_helpful"
        assert (await anyone.post(SUBMIT, json=rating(shown, word))).status_code == 200
    seen: list[str] = []
    query, headers = {"limit": "2", "rating": "not_helpful"}, await now(theirs, parts)
    while True:
        page = (await theirs.http.get(HISTORY, params=query, headers=headers)).json()
        assert {item["rating"] for item in page["items"]} == {"not_helpful"}
        seen += [item["agent_interaction_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 3
    other = await theirs.http.get(HISTORY, params={"cursor": query["cursor"]})
    assert other.status_code == 400


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("days=0", "days"),
        ("days=5&from=2026-01-01", "days"),
        ("tz=Atlantis", "time zone"),
        ("tz=../../etc/passwd", "time zone"),
        ("from=2026-02-01&to=2026-01-01", "from"),
        ("from=0001-01-01&to=0001-01-02&tz=Asia/Tokyo", "years"),
        ("from=2020-01-01", "800"),
    ],
)
async def test_days_that_make_no_sense_are_told(ours: Customer, query: str, what: str) -> None:
    reply = await ours.http.get(f"{ANALYTICS}?{query}")
    assert (reply.status_code, what in reply.text) == (400, True), reply.text


async def test_days_are_those_of_the_zone(ours: Customer, anyone: httpx.AsyncClient, parts: Services) -> None:
    for number in range(3):
        shown = await answered(ours, f"zone {number}")
        assert (await anyone.post(SUBMIT, json=rating(shown))).status_code == 200
    headers = await now(ours, parts)
    totals = {}
    today = parts.clock().date()
    for zone in ("UTC", "Pacific/Kiritimati", "Etc/GMT+12"):
        query = {"tz": zone, "from": str(today - timedelta(days=1)), "to": str(today + timedelta(days=1))}
        totals[zone] = (await ours.http.get(ANALYTICS, params=query, headers=headers)).json()[
            "total_feedback"
        ]
    assert len(set(totals.values())) == 1
    assert totals["UTC"] >= 3
    past = await ours.http.get(
        ANALYTICS, params={"to": str(today - timedelta(days=3)), "tz": "Europe/Berlin"}
    )
    assert past.json() == dict.fromkeys(FIELDS) | dict.fromkeys(
        ("total_feedback", "helpful_count", "not_helpful_count", "feedback_with_comments"), 0
    )


async def test_ratings_of_one_answer_and_from_one_address_have_their_limits(
    theirs: Customer, parts: Services
) -> None:
    given = {name: getattr(parts.settings, name) for name in parts.settings.__struct_fields__}
    shown, other = await answered(theirs, "spam"), await answered(theirs, "ham")

    def limited(limit: str) -> Any:
        settings = Settings(**given | UNLIMITED | {limit: 1})  # 20 at once, and then one a minute
        return create_app(dataclasses.replace(parts, settings=settings))

    async def sent(app: Any, body: dict[str, Any], client: str, times: int = 1, **headers: str) -> list[int]:
        transport = httpx.ASGITransport(app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://retrace", headers=headers) as http:
            return [(await http.post(SUBMIT, json=body)).status_code for _ in range(times)]

    app = limited("rate_ratings_per_interaction")
    assert await sent(app, rating(shown), "192.0.2.1", 21) == [200] * 20 + [429]
    assert await sent(app, rating(shown), "192.0.2.2") == [429], "whoever it is"
    assert await sent(app, rating(other), "192.0.2.1") == [200]
    app, key = limited("rate_ratings_per_address"), {"X-Tenant-API-Key": theirs.key}
    assert await sent(app, rating(shown), "2001:db8::1", 20) == [200] * 20
    assert await sent(app, rating(other), "2001:db8::ffff:1") == [429], "of the same household"
    assert await sent(app, rating(other), "2001:db8:0:1::1") == [200]
    assert await sent(app, rating(other, feedback_token=None), "2001:db8::1", **key) == [200]
