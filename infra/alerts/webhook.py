"""A signed webhook, by Standard Webhooks as all others (domain/webhooks/signing.py). `webhook-id` is the message's, the same at each try."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from application.ports import AlertTaken, ChannelField
from domain.base.plain_digits import to_json
from domain.base.signing import headers, secret_of
from domain.insight.alerts.message import AlertMessage
from infra.alerts.http import Http

GONE = 410


class WebhookAlertSender:
    """One per process."""

    fields: ClassVar[tuple[ChannelField, ...]] = (
        ChannelField(name="url", text="an address as https://shop.example.com/hooks/alerts"),
        ChannelField(
            name="secret",
            text="what deliveries are signed with: whsec_ and base64 of 24 to 64 bytes, as of `openssl rand -base64 32`",
            secret=True,
        ),
    )

    def __init__(self, http: Http) -> None:
        self._http = http

    async def check(self, values: Mapping[str, str]) -> None:
        if "secret" in values:
            secret_of(values["secret"])
        await self._http.check("url", values["url"])

    async def send(self, values: Mapping[str, str], message: AlertMessage, id: UUID) -> AlertTaken:
        at = datetime.now(UTC)
        body = to_json(
            {
                "type": f"alert.{message.what}",
                "timestamp": at,
                "data": {"title": message.title, "text": message.text, **msgspec.to_builtins(message)},
            }
        )
        answer = await self._http.post(
            values["url"], body, headers(str(id), at, body, [secret_of(values["secret"])])
        )
        if answer.status is not None and 200 <= answer.status < 300:
            return AlertTaken()
        # An app that is mended takes it later, whatever it answered before: as with other webhooks, 410 alone lasts.
        return msgspec.structs.replace(answer.not_taken, lasting=answer.status == GONE)
