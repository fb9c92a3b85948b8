"""Figures of a tenant over HTTP: what they go by, whose days they are of, who may see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from infra.projections.reads import Reads
from projections.base import Projection
from tests.interfaces.http.conftest import Customer


class Waits:
    """Read models that a request waits for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names = set[str]()
        wait = Reads._wait

        async def noted(reads: Reads, tenant: UUID, projection: Projection, position: int) -> None:
            self.names.add(projection.name)
            await wait(reads, tenant, projection, position)

        monkeypatch.setattr(Reads, "_wait", noted)


async def test_reports_tell_what_happened_what_it_is_worth_and_what_they_go_by(
    ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await ours.ask("Is there anything about walruses?", address="walrus")
    assert made.status_code == 200
    rated = await ours.http.post(
        "/v1/bot/feedback/submit/", json={"agent_interaction_id": made.json()["id"], "rating": "helpful"}
    )
    at = {"Retrace-Position": rated.headers["Retrace-Position"]}
    report = (await ours.http.get("/v1/analytics/quality", headers=at)).json()
    [total] = report["totals"]
    assert (total["answers"], total["rated"], total["positive_rate"], total["score"]) == (1, 1, 1.0, 5.0)
    assert total["timed"] == 1
    for figures in ("usage", "comparison"):
        waited = Waits(monkeypatch)
        items = (await ours.http.get(f"/v1/providers/{figures}", headers=at)).json()["items"]
        assert [each["feedback_score"] for each in items if each["rated"]] == [1.0]
        assert waited.names == {"costs", "served_ratings"}, "whatever it sums is as new as was asked for"
    assert (len(report["items"]), report["items"][-1]["answers"]) == (30, 1)
    assert report["targets"]["handoff_rate"] == {"above": None, "below": 0.15}
    assert (report["used"]["version"], report["used"]["values"]["time_zone"]) == (0, "UTC")
    channels = (await ours.http.get("/v1/analytics/quality?per=channel&by=all", headers=at)).json()
    assert [(each["value"], each["answers"]) for each in channels["items"]] == [("http", 1)]

    await ours.ask("How much is a ticket, and when are you open?", address="price")
    product = await ours.http.post(
        "/v1/catalog/products", json={"name": "Seal", "price": "20.00", "currency": "EUR", "stock": 9}
    )
    assert product.status_code == 201, product.text
    customer = {"channel": "http", "address": "price"}
    order = await ours.http.post(
        "/v1/orders",
        json={"customer": customer, "lines": [{"product": product.json()["id"], "quantity": 2}]},
    )
    assert order.status_code == 201, order.text
    settings = {"exchange_rates": {"EUR": "1.5"}, "operator_cost_per_hour": "30", "fixed_cost_per_day": "1"}
    await ours.http.put("/v1/analytics/settings", json=settings)
    at = {"Retrace-Position": order.headers["Retrace-Position"]}
    report = (await ours.http.get("/v1/analytics/operations?by=all", headers=at)).json()
    total = report["totals"]
    assert (total["customers"], total["conversations"], total["messages"]) == (2, 2, 2)
    assert total["answers"] == 2
    assert {each["name"] for each in total["intents"]} >= {"price", "opening_hours"}
    assert total["models"][0]["calls"] >= 1
    assert (total["retrievals"], total["knowledge_hit_rate"]) == (2, 0.0)
    assert report["items"] == [total]
    worth = (await ours.http.get("/v1/analytics/business?by=month", headers=at)).json()["totals"]
    assert (worth["purchases"], worth["conversion_rate"], worth["revenue"]) == (1, 0.5, "60")
    [sold] = worth["sales"]
    assert (sold["currency"], sold["attributed"], sold["amount"]) == ("EUR", 1, "40.00")
    assert (worth["csat"], worth["minutes_saved"], worth["saved_value"]) == (1.0, "6", "3")
    assert worth["return_on_investment"] == pytest.approx((63 - float(worth["cost"])) / float(worth["cost"]))


async def test_the_time_zone_is_a_setting_that_holds_at_once(theirs: Customer) -> None:
    refused = await theirs.http.put("/v1/analytics/settings", json={"time_zone": "Mars/Olympus"})
    assert (refused.status_code, "there is no time zone" in refused.text) == (400, True)
    refused = await theirs.http.put("/v1/analytics/settings", json={"exchange_rates": {"EUR": "-1"}})
    assert refused.status_code == 400
    before = (await theirs.http.get("/v1/analytics/settings")).json()
    made = await theirs.http.put(
        "/v1/analytics/settings", json={"time_zone": "Pacific/Kiritimati", "score_helpful": 4}
    )
    assert made.status_code == 200
    assert made.json()["version"] > before["version"]
    report = (await theirs.http.get("/v1/analytics/quality")).json()
    there = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert report["until"] == str(there + timedelta(days=1))
    assert report["used"]["version"] == made.json()["version"]
    asked = await theirs.http.get("/v1/analytics/quality?tz=UTC&by=week&since=2026-01-01")
    assert asked.json()["used"]["values"]["time_zone"] == "UTC"


async def test_what_can_not_be_asked_for_is_refused_and_others_see_nothing(theirs: Customer) -> None:
    for wrong in ("since=2026-01-01", "by=year", "tz=Nowhere", "per=customer", "until=0001-01-01"):
        reply = await theirs.http.get(f"/v1/analytics/quality?{wrong}")
        assert reply.status_code == 400, wrong
    headers = await theirs.limited("conversations:read")
    for path in ("quality", "business", "operations", "settings"):
        assert (await theirs.http.get(f"/v1/analytics/{path}", headers=headers)).status_code == 403
    viewer = await theirs.limited("analytics:view")
    assert (await theirs.http.get("/v1/analytics/quality", headers=viewer)).json()["totals"][0][
        "answers"
    ] == 0
    assert (await theirs.http.put("/v1/analytics/settings", json={}, headers=viewer)).status_code == 403
