"""A shop with customers by WhatsApp, and campaigns to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.campaigns.campaign import (
    DraftCampaign,
    ScheduleCampaign,
    draft_campaign,
    schedule_campaign,
)
from application.campaigns.run import RunCampaign, run_campaign
from application.ports import Buckets
from domain.campaigns.audience import Audience
from domain.campaigns.campaign import Campaign
from domain.campaigns.plan import Plan
from interfaces.bootstrap import Services
from tests.application.channels.conftest import Messenger
from tests.application.channels.conftest import _messenger as _messenger


@dataclass
class Listed:
    """Implements `application.ports.Customers`: these are in every audience."""

    ids: list[UUID] = field(default_factory=list)

    async def find(
        self, tenant: UUID, audience: Audience, begins: datetime, *, campaign: UUID, after: UUID, limit: int
    ) -> Sequence[UUID]:
        return [id for id in sorted(self.ids) if id > after][:limit]

    async def count(
        self, tenant: UUID, audience: Audience, begins: datetime, *, heard_before: datetime | None = None
    ) -> int:
        return len(self.ids)


@dataclass
class Marketer:
    """Somebody who sends campaigns to those who have written."""

    messenger: Messenger
    listed: Listed = field(default_factory=Listed)
    buckets: Buckets | None = None

    @property
    def ports(self) -> Services:
        """With one rate for all."""
        if self.buckets is None:
            self.buckets = self.messenger.ports.buckets
        return dataclasses.replace(self.messenger.ports, customers=self.listed, buckets=self.buckets)

    async def customer(self, number: int) -> UUID:
        """Who has just written, and was not answered."""
        id = await self.messenger.hears(address=address(number))
        self.listed.ids.append(id)
        return id

    async def begin(self, message: dict[str, Any], **more: Any) -> Campaign:
        """A campaign that is due."""
        plan = msgspec.convert({"name": "n", "message": message, "quiet_hours": None, **more}, Plan)
        context, ports = self.messenger.shop.context, self.ports
        made = await draft_campaign(DraftCampaign(plan=plan), context, ports)
        command = ScheduleCampaign(campaign=made.campaign.id)
        return (await schedule_campaign(command, context, ports)).campaign

    async def run(self, campaign: Campaign, ports: Services | None = None) -> datetime | None:
        """What the work does."""
        command = RunCampaign(campaign=campaign.id)
        return await run_campaign(command, self.messenger.shop.context, ports or self.ports)

    async def now(self, campaign: Campaign) -> Campaign:
        tenant = self.messenger.shop.context.tenant
        return await self.messenger.store.load(Campaign, campaign.id, tenant=tenant)

    async def omitted(self, campaign: Campaign) -> dict[UUID, str]:
        events = [each.event for each in await self.messenger.shop.events(campaign.id)]
        return {
            each.conversation: each.why
            for event in events
            if isinstance(event, Campaign.Advanced)
            for each in event.omitted
        }

    def got(self, number: int) -> list[str]:
        return [message.body for message in self.messenger.twilio.to(address(number))]


def address(number: int) -> str:
    return f"whatsapp:+49155501{number:05d}"


@pytest.fixture(name="marketer")
def _marketer(messenger: Messenger) -> Marketer:
    return Marketer(messenger)
