"""A button of a campaign's that was pressed: it is counted, and does what its plan says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol
from uuid import UUID

from application.base.amend import amend
from application.channels.person import People
from application.conversations.owing import deliveries
from application.ports import Clock, Keyring, Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.campaigns.buttons import button_of
from domain.campaigns.campaign import Campaign
from domain.campaigns.message import Button
from domain.channels.delivery import Delivery, delivery_of
from domain.channels.incoming import IncomingMessage
from domain.conversations.content import Choice, Quote
from domain.conversations.conversation import Conversation

Outcome = Literal["press", "duplicate"]


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def people(self) -> People: ...
    @property
    def clock(self) -> Clock: ...


def campaign_pressed_with(
    ports: Ports,
) -> Callable[[IncomingMessage, str, Context], Awaitable[Outcome | None]]:
    """For `take_webhook`: what to do about buttons that are no message."""

    async def press(incoming: IncomingMessage, inbox: str, context: Context) -> Outcome | None:
        choice = next((part for part in incoming.parts if isinstance(part, Choice)), None)
        if choice is None or choice.kind != "button":
            return None
        quote = next((part.message for part in incoming.parts if isinstance(part, Quote)), None)
        known = button_of(choice.id)
        if known is None and quote is None:
            return None
        try:
            locate = ports.people.locate(incoming.channel, incoming.address, incoming.aliases, context)
            conversation = await locate(None)
            found = await _button(known, quote, choice, conversation, context.tenant, ports.store)
            if found is None:
                return None
            return await _pressed(*found, incoming, inbox, conversation, context, ports)
        except NotFound:  # the campaign, or the customer: then it is a message like any other
            return None

    return press


async def _button(
    known: tuple[UUID, int] | None,
    quote: str | None,
    choice: Choice,
    conversation: UUID,
    tenant: UUID,
    store: Store,
) -> tuple[Campaign, int] | None:
    """By its id; of a template by the message that it stands under, while the delivery knows that."""
    if known is not None:
        campaign = await store.load(Campaign, known[0], tenant=tenant)
        return (campaign, known[1]) if known[1] < len(campaign.state.plan.message.buttons) else None
    delivery = await store.load(Delivery, delivery_of(conversation), tenant=tenant)
    for sending in delivery.state.messages.values():
        if sending.outgoing.campaign is not None and quote in sending.sids.values():
            campaign = await store.load(Campaign, sending.outgoing.campaign, tenant=tenant)
            number = campaign.state.plan.message.pressed(choice.id, choice.title)
            return None if number is None else (campaign, number)
    return None


async def _pressed(
    campaign: Campaign,
    number: int,
    incoming: IncomingMessage,
    inbox: str,
    conversation: UUID,
    context: Context,
    ports: Ports,
) -> Outcome | None:
    """What the agent is to answer is counted by itself, and goes on as a message."""
    button: Button = campaign.state.plan.message.buttons[number]
    says = button.action in ("opt_out", "reply")

    def decide(known: Conversation) -> None:
        at = ports.clock()
        known.click(campaign.id, number, button.action, at)
        if says:
            known.press(
                campaign.id,
                message=incoming.id,
                title=incoming.text or button.title,
                reply=button.reply,
                at=at,
                sender=incoming.sender,
                address=incoming.address,
                raw=incoming.raw,
            )
        if button.action == "opt_out":
            known.opt("out", incoming.text or button.title, at)

    _, saved = await amend(
        Conversation,
        conversation,
        decide,
        context=context,
        store=ports.store,
        inbox=inbox if says else f"{inbox}:click",
        work=lambda known: deliveries(known, ports.clock()) if says and button.reply else [],
    )
    if not says:
        return None
    return "duplicate" if saved.duplicate else "press"
