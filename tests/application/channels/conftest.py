"""A shop that answers by a channel: the real log and Twilio's API at the wire, whose callbacks are taken in as they come."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest_asyncio

from application.channels.channels import SetTwilio, set_twilio
from application.channels.deliver import Deliver, deliver
from application.channels.delivery import RecordStatus, record_status
from application.ports import Store
from domain.base.recorded import Recorded
from domain.channels.delivery import Delivery, Sending, delivery_of
from domain.channels.twilio import Template
from domain.conversations.conversation import Conversation
from domain.conversations.rich import Rich
from infra.redis.buckets import TokenBuckets
from infra.twilio.client import TwilioChannel
from infra.twilio.hosts import hosts_of
from interfaces.bootstrap import Services
from tests.application.conftest import Shop
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double

ADA = "whatsapp:+4915550100101"
APPROVED = "HX" + "a" * 32


@dataclass
class Counted:
    """Implements `application.ports.SendObserver`."""

    outcomes: list[str] = field(default_factory=list)

    def sent(self, form: str, outcome: str) -> None:
        self.outcomes.append(outcome)


@dataclass
class Messenger:
    """A tenant with an account at Twilio."""

    shop: Shop
    twilio: Twilio
    channel: TwilioChannel
    counted: Counted = field(default_factory=Counted)
    positions: list[int] = field(default_factory=list)

    @property
    def ports(self) -> Services:
        """With a rate of its own."""
        buckets = TokenBuckets(self.shop.parts.redis)
        return dataclasses.replace(self.shop.parts, channel=self.channel, sends=self.counted, buckets=buckets)

    async def set(self, **changes: object) -> None:
        template = Template(content=APPROVED, language="en", approved=True)
        facts: dict[str, object] = {
            "account": ACCOUNT,
            "token": TOKEN,
            "senders": (SENDER,),
            "templates": {"news": template},
        }
        command = SetTwilio(**(facts | changes))  # type: ignore[arg-type]  # of many types
        changed = await set_twilio(command, self.shop.context, store=self.store, clock=self.shop.parts.clock)
        await self.store.reach(self.shop.context.tenant, changed.position)

    @property
    def store(self) -> Store:
        return self.shop.parts.store

    async def hears(
        self,
        text: str = "hi",
        *,
        address: str = ADA,
        sender: str | None = SENDER,
        message: str | None = None,
        channel: str = "whatsapp",
    ) -> UUID:
        """A customer writes; their conversation."""
        id = await self.shop.parts.keyring.identify(
            self.shop.context.tenant, "conversation", channel, address
        )
        at = self.shop.parts.clock()

        def decide(known: Conversation | None) -> Conversation:
            found = known or Conversation.start(id, channel=channel, address=address, name=None, at=at)
            found.receive(
                message=message or str(uuid4()), text=text, interaction=uuid4(), at=at, sender=sender
            )
            return found

        await self.store.change(Conversation, id, decide, context=self.shop.context)
        return id

    async def says(self, id: UUID, text: str, rich: Rich | None = None) -> None:
        """The agent answers."""
        conversation = await self.store.load(Conversation, id, tenant=self.shop.context.tenant)
        at = self.shop.parts.clock()
        conversation.disclose("I am a machine.", at)
        conversation.answer(
            text=text,
            citations=(),
            template="t",
            confidence=1.0,
            configuration_version=0,
            latency_ms=1.0,
            at=at,
            rich=rich,
        )
        await self.store.save(conversation, context=self.shop.context)

    async def told(self, *texts: str, address: str = ADA) -> UUID:
        """A conversation in which these answers were given, the first with the disclosure before it."""
        for text in texts:
            id = await self.hears(address=address)
            await self.says(id, text)
        return id

    async def deliver(self, id: UUID) -> datetime | None:
        """What the work does."""
        return await deliver(Deliver(conversation=id), self.shop.context, self.ports)

    async def delivery(self, id: UUID) -> Delivery:
        return await self.store.load(Delivery, delivery_of(id), tenant=self.shop.context.tenant)

    async def sending(self, id: UUID, number: int = 1) -> Sending:
        return (await self.delivery(id)).state.messages[number]

    async def events(self, id: UUID) -> list[Recorded]:
        return await self.shop.events(delivery_of(id))

    async def take(self, url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        """A status callback."""
        (attempt,) = parse_qs(urlsplit(url).query)["attempt"]
        command = RecordStatus(
            attempt=attempt, sid=form["MessageSid"], status=form["MessageStatus"], code=form.get("ErrorCode")
        )
        clock, keyring = self.shop.parts.clock, self.shop.parts.keyring
        position = await record_status(
            command, self.shop.context, store=self.store, keyring=keyring, clock=clock
        )
        self.positions.append(position)
        return 200


@pytest_asyncio.fixture(name="messenger")
async def _messenger(shop: Shop) -> AsyncIterator[Messenger]:
    async with twilio_double() as twilio:
        channel = TwilioChannel(
            hosts_of(twilio.url),
            lambda tenant, attempt: f"https://retrace.example.com/{tenant}?attempt={attempt}",
        )
        made = Messenger(shop, twilio, channel)
        twilio.post = made.take
        await made.set()
        yield made
        await twilio.told()
        await channel.close()
        assert twilio.mistakes == []
