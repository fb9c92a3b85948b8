"""The work of alerts: looks at alerts, and messages about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.insight.alerts.evaluate import evaluate_alerts
from application.insight.alerts.ports import Ports as Ports
from application.insight.alerts.send import SendAlert, send_alert
from application.insight.alerts.tell import SEND_WORK
from application.ports import EVALUATE_WORK, Item, Kind


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_evaluate_alerts(item: Item) -> datetime | None:
        return await evaluate_alerts(context_of(item, p.ids, "alerts"), p)

    async def do_send_alert(item: Item) -> datetime | None:
        notification, channel = map(UUID, item.key.split("/"))
        command = SendAlert(notification=notification, channel=channel)
        return await send_alert(command, context_of(item, p.ids, "alerts"), p)

    return {
        EVALUATE_WORK: Kind(handler=do_evaluate_alerts, attempts=1000, places="watch"),
        SEND_WORK: Kind(handler=do_send_alert, attempts=1000, lease=60.0),
    }
