"""PagerDuty, by its Events API v2 (https://developer.pagerduty.com/docs/events-api-v2/trigger-events).

The incident is the `dedup_key`: told again it is the same there, and it is resolved there when it is over here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from application.ports import AlertTaken, ChannelField
from domain.base.errors import Invalid
from domain.insight.alerts.message import AlertMessage
from domain.insight.alerts.status import RANK
from infra.alerts.http import Http

REGIONS = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
SUMMARY = 1024
"""Characters."""

_KEY = re.compile(r"[A-Za-z0-9]{32}")


class PagerDutySender:
    """One per process. `base`: another server that speaks this API."""

    fields: ClassVar[tuple[ChannelField, ...]] = (
        ChannelField(
            name="routing_key", text="the integration key of a service, 32 letters and digits", secret=True
        ),
        ChannelField(name="region", text="us, or eu for accounts of the EU service region", required=False),
    )

    def __init__(self, http: Http, base: str | None) -> None:
        self._http, self._base = http, base

    async def check(self, values: Mapping[str, str]) -> None:
        if "routing_key" in values and not _KEY.fullmatch(values["routing_key"]):
            raise Invalid("routing_key is an integration key of the Events API v2: 32 letters and digits")
        if values.get("region", "us") not in REGIONS:
            raise Invalid(f"region is one of {', '.join(REGIONS)}")

    async def send(self, values: Mapping[str, str], message: AlertMessage, id: UUID) -> AlertTaken:
        """A test opens an incident, and closes it."""
        if message.what == "test":
            opened = await self._enqueue(values, message, "trigger")
            return await self._enqueue(values, message, "resolve") if opened.taken else opened
        return await self._enqueue(values, message, "trigger" if RANK[message.state] else "resolve")

    async def _enqueue(self, values: Mapping[str, str], message: AlertMessage, action: str) -> AlertTaken:
        event: dict[str, Any] = {
            "routing_key": values["routing_key"],
            "event_action": action,
            "dedup_key": str(message.incident),
        }
        if action == "trigger":
            event["payload"] = {
                "summary": message.title[:SUMMARY],
                "source": message.tenant,
                "severity": message.severity,
                "timestamp": message.at,
                "component": message.rule,
                "custom_details": {"text": message.text, "state": message.state},
            }
        base = self._base or REGIONS[values.get("region", "us")]
        answer = await self._http.post(f"{base.rstrip('/')}/v2/enqueue", msgspec.json.encode(event))
        return AlertTaken() if answer.status == 202 else answer.not_taken
