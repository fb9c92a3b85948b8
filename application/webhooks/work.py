"""The work of webhooks: a line of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from application.base.work import context_of
from application.ports import WEBHOOK_WORK, Item, Kind
from application.webhooks.deliver import DeliverWebhooks, deliver_webhooks
from application.webhooks.endpoint import Ports as Ports


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_webhook(item: Item) -> datetime | None:
        return await deliver_webhooks(DeliverWebhooks(line=item.key), context_of(item, p.ids, "webhooks"), p)

    return {WEBHOOK_WORK: Kind(handler=do_webhook, attempts=1000, lease=60.0)}
