"""Slack, by an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks); Mattermost and others take the same.

The address is the secret. What was taken is answered with `ok`, which is asked for: another 200, as of a page to sign in, is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

import msgspec

from application.ports import AlertTaken, ChannelField
from domain.insight.alerts.message import AlertMessage
from infra.alerts.http import Answer, Http


class SlackSender:
    """One per process."""

    fields: ClassVar[tuple[ChannelField, ...]] = (
        ChannelField(
            name="url",
            text="the address of an incoming webhook, as https://hooks.slack.com/services/T…/B…/…",
            secret=True,
        ),
    )

    def __init__(self, http: Http) -> None:
        self._http = http

    async def check(self, values: Mapping[str, str]) -> None:
        if "url" in values:
            await self._http.check("url", values["url"])

    async def send(self, values: Mapping[str, str], message: AlertMessage, id: UUID) -> AlertTaken:
        text = f"*{_escaped(message.title)}*\n{_escaped(message.text)}"
        answer = await self._http.post(values["url"], msgspec.json.encode({"text": text}))
        if answer.status is None or not 200 <= answer.status < 300:
            return answer.not_taken
        return AlertTaken() if _ok(answer) else AlertTaken(reason=f"it answered {answer.status}, but not ok")


def _escaped(text: str) -> str:
    """The three characters that mark up (https://docs.slack.dev/messaging/formatting-message-text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ok(answer: Answer) -> bool:
    if answer.body.strip().lower() == b"ok":
        return True
    try:
        said = json.loads(answer.body)
    except ValueError:
        return False
    return isinstance(said, dict) and (said.get("ok") is True or said.get("success") is True)
