"""Figures of a tenant over HTTP: what they go by, whose days they are of, who may see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.interfaces.http.conftest import Customer


async def test_quality_tells_answers_ratings_and_what_it_goes_by(ours: Customer) -> None:
    made = await ours.ask("Is there anything about walruses?", address="walrus")
    assert made.status_code == 200, made.text
    rated = await ours.http.post(
        "/v1/bot/feedback/submit/", json={"agent_interaction_id": made.json()["id"], "rating": "helpful"}
    )
    at = {"Retrace-Position": rated.headers["Retrace-Position"]}
    report = (await ours.http.get("/v1/analytics/quality", headers=at)).json()
    [total] = report["totals"]
    assert (total["answers"], total["rated"], total["positive_rate"], total["score"]) == (1, 1, 1.0, 5.0)
    assert total["timed"] == 1
    assert (len(report["items"]), report["items"][-1]["answers"]) == (30, 1)
    assert report["targets"]["handoff_rate"] == {"above": None, "below": 0.15}
    assert (report["used"]["version"], report["used"]["values"]["time_zone"]) == (0, "UTC")
    channels = (await ours.http.get("/v1/analytics/quality?per=channel&by=all", headers=at)).json()
    assert [(each["value"], each["answers"]) for each in channels["items"]] == [("http", 1)]


async def test_the_time_zone_is_a_setting_that_holds_at_once(ours: Customer) -> None:
    refused = await ours.http.put("/v1/analytics/settings", json={"time_zone": "Mars/Olympus"})
    assert (refused.status_code, "there is no time zone" in refused.text) == (400, True)
    refused = await ours.http.put("/v1/analytics/settings", json={"exchange_rates": {"EUR": "-1"}})
    assert refused.status_code == 400
    before = (await ours.http.get("/v1/analytics/settings")).json()
    made = await ours.http.put(
        "/v1/analytics/settings", json={"time_zone": "Pacific/Kiritimati", "score_helpful": 4}
    )
    assert made.status_code == 200, made.text
    assert made.json()["version"] > before["version"]
    report = (await ours.http.get("/v1/analytics/quality")).json()
    there = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert report["until"] == str(there + timedelta(days=1))
    assert report["used"]["version"] == made.json()["version"]
    asked = await ours.http.get("/v1/analytics/quality?tz=UTC&by=week&since=2026-01-01")
    assert asked.json()["used"]["values"]["time_zone"] == "UTC"


async def test_what_can_not_be_asked_for_is_refused_and_others_see_nothing(theirs: Customer) -> None:
    for wrong in ("since=2026-01-01", "by=year", "tz=Nowhere", "per=customer", "until=0001-01-01"):
        reply = await theirs.http.get(f"/v1/analytics/quality?{wrong}")
        assert reply.status_code == 400, wrong
    headers = await theirs.limited("conversations:read")
    for path in ("quality", "settings"):
        assert (await theirs.http.get(f"/v1/analytics/{path}", headers=headers)).status_code == 403
    viewer = await theirs.limited("analytics:view")
    assert (await theirs.http.get("/v1/analytics/quality", headers=viewer)).json()["totals"][0][
        "answers"
    ] == 0
    assert (await theirs.http.put("/v1/analytics/settings", json={}, headers=viewer)).status_code == 403
