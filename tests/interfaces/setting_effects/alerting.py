"""How somebody is told of an alert."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from application.insight.alerts.evaluate import evaluate_alerts
from domain.base.context import Context
from infra.settings import load
from interfaces.bootstrap import services
from tests.interfaces.setting_effects.deployment import Deployment, Proof


async def alert_test(deployment: Deployment, kind: str, **settings: str) -> None:
    """A message that says that it is a test gets through."""
    body = {"kind": kind, "name": kind, "settings": settings}
    made = (await deployment.http.post("/v1/alerts/channels", json=body)).json()
    told = (await deployment.http.post(f"/v1/alerts/channels/{made['id']}/test")).json()
    assert told == {"sent": True, "reason": None}


async def mail_server(deployment: Deployment) -> None:
    await alert_test(deployment, "email", to="ops@shop.example")
    recipients, mail = deployment.doubles["mails"].taken[-1]  # type: ignore[attr-defined]
    assert (recipients, mail["From"]) == (["ops@shop.example"], "Retrace <alerts@retrace.example>")


async def pagerduty_base_url(deployment: Deployment) -> None:
    await alert_test(deployment, "pagerduty", routing_key="k" * 32)
    assert [call.body["event_action"] for call in deployment.doubles["duty"].calls][-2:] == [
        "trigger",
        "resolve",
    ]


async def alert_interval(deployment: Deployment) -> None:
    tenant = UUID(deployment.tenant)
    look = Context(tenant=tenant, actor="system:alerts", correlation=tenant)
    async with services(load(deployment.here, deployment.log.parent)) as parts:
        again = await evaluate_alerts(look, parts)
        assert parts.alert_interval == timedelta(seconds=7)
        assert timedelta(seconds=5) < again - parts.clock() <= timedelta(seconds=300 + 7)


PROOFS: dict[str, Proof] = {
    "RETRACE_SMTP_URL": mail_server,
    "RETRACE_SMTP_FROM": mail_server,
    "PAGERDUTY_BASE_URL": pagerduty_base_url,
    "RETRACE_ALERT_INTERVAL": alert_interval,
}
