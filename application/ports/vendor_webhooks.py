"""Webhooks of channels' vendors: proved, and read. And what was counted of those that were not what they said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from domain.channels.channels import ChannelsState
from domain.channels.incoming import Incoming


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came. `target`: path and query, as they were written; `headers` by their names in small letters."""

    target: str
    content_type: str
    headers: Mapping[str, str]
    body: bytes


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """`account`: that it says it is of, if the tenant has it. `authentic`: whether that account signed it.

    `incoming`: what came; None where it is nothing that there is a use for.
    """

    account: str | None
    authentic: bool
    incoming: Incoming | None


class WebhookReader(Protocol):
    """One vendor's webhooks."""

    def open(self, webhook: Webhook, channels: ChannelsState) -> Opened:
        """Never fails, whatever came."""


Rejection = Literal["rejected", "observed"]
"""`observed`: it would have been rejected, but the account says that such are let in."""


class Rejections(Protocol):
    """How many webhooks of a tenant's had a wrong signature, by account."""

    def count(self, tenant: UUID, account: str, rejection: Rejection) -> None:
        """At once, and without waiting for anything."""

    async def of(self, tenant: UUID) -> Mapping[str, Mapping[Rejection, int]]:
        """Account → what was counted in the last 30 days, by all processes where there is Redis."""
