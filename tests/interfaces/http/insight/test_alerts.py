"""Alerts over HTTP, with a worker beside, Slack at the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.insight.alerts.evaluate import evaluate_alerts
from domain.base.context import Context
from infra.alerts.http import Http
from interfaces.bootstrap import Services
from tests.doubles.alerting import slack
from tests.doubles.wire import Wire, serving
from tests.interfaces.http.conftest import Customer
from tests.until import until

RULE: dict[str, Any] = {
    "metric": "answers",
    "threshold": 0,
    "window_minutes": 60,
    "severity": "critical",
    "description": "Somebody has written.",
}


@pytest_asyncio.fixture(name="wire")
async def _wire(parts: Services, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    """Slack on loopback, to which this deployment may send."""
    http = Http(private=True)
    monkeypatch.setattr(parts.alert_senders._senders["slack"], "_http", http)  # type: ignore[attr-defined]
    wire = Wire(slack)
    async with serving(wire):
        yield wire
    await http.close()


async def test_a_rule_fires_is_told_silenced_acknowledged_and_kept(
    ours: Customer, parts: Services, wire: Wire
) -> None:
    http, url = ours.http, f"http://127.0.0.1:{wire.port}/services/secret-path"
    every = (await http.get("/v1/alerts")).json()["items"]
    assert len(every) == 9
    assert {each["state"] for each in every} == {"ok", "no_data"}
    body = {"kind": "slack", "name": "ops", "settings": {"url": url}}
    made = await http.post("/v1/alerts/channels", json=body)
    assert made.status_code == 201, made.text
    channel = made.json()
    assert (channel["settings"], channel["secrets"]) == ({}, ["url"])
    assert (await http.post(f"/v1/alerts/channels/{channel['id']}/test")).json() == {
        "sent": True,
        "reason": None,
    }
    put = await http.put("/v1/alerts/rules/somebody", json=RULE)
    assert put.status_code == 200, put.text
    assert put.json()["default"] is False
    assert (await ours.ask("When are you open?")).status_code == 200
    look = Context(tenant=ours.tenant, actor="system:alerts", correlation=uuid4())

    async def fires() -> bool:
        await evaluate_alerts(look, parts)
        firing = (await http.get("/v1/alerts", params={"state": "alert"})).json()["items"]
        return [each["rule"] for each in firing] == ["somebody"]

    await until(fires)

    async def told() -> bool:
        return len(wire.calls) >= 2

    await until(told)
    assert wire.calls[1].body["text"].startswith("*[ALERT] Ours: somebody, 1*\nSomebody has written.")
    history: list[dict[str, Any]] = []

    async def known() -> bool:
        found = await http.get("/v1/alerts/history", params={"rule": "somebody"})
        history[:] = found.json()["items"]
        return bool(history)

    await until(known)
    assert [(each["before"], each["state"]) for each in history] == [("ok", "alert")]
    assert history[0]["evidence"]["figures"]["answers"] == 1
    assert history[0]["evidence"]["rule"]["severity"] == "critical"

    async def sent() -> bool:
        found = (await http.get("/v1/alerts/deliveries", params={"outcome": "sent"})).json()["items"]
        return [each["what"] for each in found] == ["firing", "test"]

    await until(sent)
    acknowledged = await http.post("/v1/alerts/somebody/acknowledge", json={"note": "on it"})
    assert acknowledged.status_code == 200, acknowledged.text
    assert acknowledged.json()["acknowledged"]["by"].startswith("key:")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    silence = {"until": tomorrow, "reason": "maintenance"}
    assert (await http.post("/v1/alerts/somebody/silence", json=silence)).json()["silence"][
        "reason"
    ] == "maintenance"
    assert (await http.delete("/v1/alerts/somebody/silence")).json()["silence"] is None
    log = (await http.get("/v1/audit/events", params={"kind": "alert_channels.channel_set"})).text
    assert "secret-path" not in log
    assert (await http.delete("/v1/alerts/rules/somebody")).status_code == 204
    assert (await http.get("/v1/alerts/rules/somebody")).status_code == 404
    assert (await http.delete(f"/v1/alerts/channels/{channel['id']}")).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("PUT", "/v1/alerts/rules/x", {**RULE, "metric": "moon"}, 400, "/v1/alerts/metrics"),
        ("PUT", "/v1/alerts/rules/x", {**RULE, "window_minutes": 7}, 400, "multiple of 5"),
        ("PUT", "/v1/alerts/rules/x", {**RULE, "treshold": 7}, 400, "treshold"),
        ("PUT", "/v1/alerts/rules/X!", RULE, 400, "begins with a letter"),
        ("PUT", "/v1/alerts/rules/x", {**RULE, "channels": [str(UUID(int=7))]}, 400, "/v1/alerts/channels"),
        ("PUT", "/v1/alerts/rules/x", {**RULE, "budget": "NaN"}, 400, "budget"),
        ("DELETE", "/v1/alerts/rules/x", None, 404, "no rule"),
        ("POST", "/v1/alerts/moon/silence", {"until": "2026-01-01T00:00:00Z", "reason": "x"}, 404, "no rule"),
        (
            "POST",
            "/v1/alerts/handoffs/silence",
            {"until": "2026-01-01T00:00:00Z", "reason": "x"},
            400,
            "ahead",
        ),
        ("POST", "/v1/alerts/handoffs/acknowledge", {}, 422, "does not fire"),
        ("POST", "/v1/alerts/channels", {"kind": "fax", "name": "x", "settings": {}}, 400, "pagerduty"),
        (
            "POST",
            "/v1/alerts/channels",
            {"kind": "email", "name": "x", "settings": {"to": "a@b.example"}},
            422,
            "RETRACE_SMTP_URL",
        ),
        ("GET", f"/v1/alerts/channels/{UUID(int=7)}", None, 404, "no alert channel"),
        ("POST", f"/v1/alerts/channels/{UUID(int=7)}/test", None, 404, "no alert channel"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    ours: Customer, method: str, path: str, body: Any, status: int, says: str
) -> None:
    reply = await ours.http.request(method, path, json=body)
    assert (reply.status_code, says in reply.text) == (status, True), reply.text


async def test_who_may_only_look_changes_nothing(theirs: Customer, parts: Services) -> None:
    headers = await theirs.limited("analytics:view")
    assert (await theirs.http.get("/v1/alerts", headers=headers)).status_code == 200
    assert len((await theirs.http.get("/v1/alerts/metrics", headers=headers)).json()["items"]) == 12
    assert (await theirs.http.put("/v1/alerts/rules/x", json=RULE, headers=headers)).status_code == 403
    assert (await theirs.http.get("/v1/alerts/channels", headers=headers)).status_code == 403
    assert (await theirs.http.get("/v1/alerts/channels")).json() == {"items": [], "next_cursor": None}
