"""The first page: what needs somebody now, by what they may see."""

from __future__ import annotations

from uuid import uuid4

from domain.base.context import Context
from domain.insight.alerts.alerts import Alerts
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import joined
from tests.interfaces.http.console.worlds.inbox import conversation


async def test_home_shows_what_needs_somebody_and_only_what_their_scopes_open(
    ours: Customer, parts: Services
) -> None:
    made = await conversation(ours)
    body = {"agent_interaction_id": made["interaction"], "human_response": "From 8.", "category": "tone"}
    proposed = await ours.http.post("/v1/bot/corrections", json=body)
    position = {"Retrace-Position": proposed.headers["Retrace-Position"]}
    await ours.http.get("/v1/bot/corrections", headers=position)
    limited = await ours.http.put("/v1/budgets", json={"day": "0"})
    assert limited.status_code == 200, limited.text
    ann = await joined(ours, "ann@example.com", "admin")
    eve = await joined(ours, "eve@example.com", "reviewer")
    await ann.sign_in()
    await eve.sign_in()
    await fired(ours, parts, "slow_answers")
    path = f"/console/inbox/{made['conversation']}"
    assert (await ann.send(f"{path}/claim")).status_code == 303
    await ours.http.get(
        "/v1/conversations", headers={"Retrace-Position": str(await parts.reads.head(ours.tenant))}
    )
    shown = (await ann.http.get("/console")).text
    for told in ("1 customer waits for a person", "1 conversation is yours", "1 correction waits for review"):
        assert told in shown
    assert "The budget of" in shown
    assert "Alert: Slow answers" in shown
    assert shown.index("customer waits") < shown.index("is yours"), "the most pressing first"
    assert "<time datetime=" in shown[shown.index("The first one since") :][:60]
    seen = (await eve.http.get("/console")).text
    assert "1 correction waits for review" in seen
    assert "is yours" not in seen
    assert "The budget of" not in seen


async def fired(ours: Customer, parts: Services, rule: str) -> None:
    """An alert of this rule, as its evaluation puts it on record."""

    def fire(known: Alerts | None) -> Alerts:
        alerts = known or Alerts.begin(ours.tenant, parts.clock())
        alerts.trigger(Alerts.StateChanged, at=parts.clock(), rule=rule, before="ok", state="alert")
        return alerts

    context = Context(tenant=ours.tenant, actor="system", correlation=uuid4())
    await parts.store.change(Alerts, Alerts.id_of(ours.tenant), fire, context=context)
