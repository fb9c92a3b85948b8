"""The kinds of channels that people are told of alerts by: one line each. Implements `application.ports.AlertSenders`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import ClassVar, Protocol
from uuid import UUID

from application.ports import AlertTaken, ChannelField, Checked
from domain.base.errors import Invalid
from domain.insight.alerts.channels import AlertChannel
from domain.insight.alerts.message import AlertMessage
from infra.alerts.email import EmailSender, MailServer
from infra.alerts.http import Http
from infra.alerts.pagerduty import PagerDutySender
from infra.alerts.slack import SlackSender
from infra.alerts.webhook import WebhookAlertSender

LONGEST = 2000
"""Characters of a setting."""


class Sender(Protocol):
    """One kind. `fields`: what a tenant gives for it."""

    fields: ClassVar[tuple[ChannelField, ...]]

    async def check(self, values: Mapping[str, str]) -> None:
        """Those that were given; all that must be are there, or known. Raises Invalid, Refused; no text holds a secret."""

    async def send(self, values: Mapping[str, str], message: AlertMessage, id: UUID) -> AlertTaken:
        """Never raises for what the other side does."""


class Senders:
    """One per process. `private`: also to addresses in private networks, and without TLS. `pagerduty`: another server that speaks its API."""

    def __init__(self, *, private: bool, mail: MailServer | None, pagerduty: str | None) -> None:
        self._http = Http(private=private)
        self._elsewhere = Http(private=True)
        self._senders: Mapping[str, Sender] = {
            "email": EmailSender(mail),
            "slack": SlackSender(self._http),
            "pagerduty": PagerDutySender(self._http if pagerduty is None else self._elsewhere, pagerduty),
            "webhook": WebhookAlertSender(self._http),
        }

    async def close(self) -> None:
        await self._http.close()
        await self._elsewhere.close()

    @property
    def kinds(self) -> Mapping[str, tuple[ChannelField, ...]]:
        return {kind: sender.fields for kind, sender in self._senders.items()}

    async def check(self, kind: str, given: Mapping[str, str], known: Collection[str]) -> Checked:
        if kind not in self._senders:
            raise Invalid(f"there is no kind of channel {kind[:60]!r}; there are {', '.join(self._senders)}")
        fields = {field.name: field for field in self._senders[kind].fields}
        if unknown := sorted(given.keys() - fields.keys()):
            raise Invalid(f"{kind} has no setting {unknown[0][:60]!r}; it has {', '.join(fields)}")
        values = {name: value.strip() for name, value in given.items()}
        for field in fields.values():
            if field.required and not values.get(field.name) and not (field.secret and field.name in known):
                raise Invalid(f"{kind} needs the setting {field.name}: {field.text}")
            if len(values.get(field.name, "")) > LONGEST:
                raise Invalid(f"{field.name} has at most {LONGEST} characters")
        await self._senders[kind].check({name: value for name, value in values.items() if value})
        return Checked(
            settings={name: value for name, value in values.items() if value and not fields[name].secret},
            secrets={name: value.encode() for name, value in values.items() if value and fields[name].secret},
        )

    async def send(self, channel: AlertChannel, message: AlertMessage, id: UUID) -> AlertTaken:
        sender = self._senders.get(channel.kind)
        if sender is None:
            return AlertTaken(reason=f"this version has no channel {channel.kind}", lasting=True)
        secrets = {name: value.decode() for name, value in channel.secrets.items()}
        return await sender.send({**channel.settings, **secrets}, message, id)
