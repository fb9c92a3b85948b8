"""The words of a message that goes out, read from the conversation, and the form in which the channel takes them now."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from application.base.setting import change_setting, latest_setting, load_setting
from application.channels.accounts import Sender
from application.channels.ports import Ports
from application.ports import Account, Approved, NotTaken, Store
from domain.base.aggregate import Event
from domain.base.context import Context
from domain.base.errors import Erased
from domain.base.recorded import Recorded
from domain.channels.contents import Contents
from domain.channels.delivery import Delivery
from domain.channels.outgoing import Outgoing
from domain.channels.taking import Spoken, instead, narrower, spoken, words
from domain.channels.window import WHATSAPP, is_outside
from domain.conversations.campaigning import TemplateWords
from domain.conversations.conversation import Conversation
from domain.conversations.forms import words_of
from domain.conversations.rich import Rich, units

NOTHING: Mapping[int, Event] = {}

APPROVED = 900
"""UTF-16 units that go into an approved template, whose body has 1,024 with its own words."""


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """`template`: the vendor's id, where the form needs one."""

    words: str | Rich | Approved
    template: str | None = None


class Otherwise(msgspec.Struct, frozen=True, kw_only=True):
    """It can't go out as it is, `code` says why: these go out in its place; none: nothing does."""

    code: str
    instead: tuple[Outgoing, ...] = ()


async def wording(
    outgoing: Outgoing,
    conversation: Conversation,
    sender: Sender,
    context: Context,
    ports: Ports,
    read: Mapping[int, Event],
) -> Wording | Otherwise:
    """`read`: events of the conversation that the caller has just read, by version. Raises Erased where the words are gone."""
    said, disclosure = await _said(outgoing, conversation.id, context.tenant, ports.store, read)
    found = words(outgoing, said, disclosure)
    if said.campaign is not None and conversation.state.opted_out is not None:
        return Otherwise(code="opted_out")
    if said.campaign is not None and await ports.unasked.withdrawn(context.tenant, said.campaign):
        return Otherwise(code="cancelled")
    if said.template is not None:
        return _approved(said.template, found, sender)
    if is_outside(conversation, ports.clock()):
        return _outside_window(outgoing, said, found, sender)
    if isinstance(found, str) or ports.channel.shape(found) is None:
        return Wording(words=found)
    if conversation.state.channel != WHATSAPP:
        return Otherwise(code="no_forms", instead=instead(outgoing, said))
    try:
        return Wording(words=found, template=await template_of(found, sender.account, context, ports))
    except NotTaken as refused:  # now as a text rather than later as it was meant
        return Otherwise(code=refused.code, instead=instead(outgoing, said))


async def readable(outgoing: Outgoing, conversation: UUID, tenant: UUID, store: Store) -> str:
    """Its text, as the channel's list would have it. Raises Erased where the words are gone."""
    found = words(outgoing, *await _said(outgoing, conversation, tenant, store))
    return found if isinstance(found, str) else words_of(found)


async def as_texts(
    outgoing: Outgoing, conversation: UUID, tenant: UUID, store: Store
) -> tuple[Outgoing, ...]:
    """A form's text, in parts."""
    said, _ = await _said(outgoing, conversation, tenant, store)
    return instead(outgoing, said)


async def rewording(
    delivery: Delivery, number: int, code: str | None, tenant: UUID, store: Store
) -> tuple[Outgoing, ...]:
    """What goes out in the place of a message that the channel has failed with this code; none: nothing does."""
    form = delivery.rewordable(number, code)
    return () if form is None else await as_texts(form, delivery.state.conversation, tenant, store)


async def is_optional(outgoing: Outgoing, conversation: UUID, tenant: UUID, store: Store) -> bool:
    """Whether nothing is lost where the customer does not get it. Raises Erased where the words are gone."""
    said, _ = await _said(outgoing, conversation, tenant, store)
    return said.optional or said.campaign is not None


async def lose_template(rich: Rich, template: str, account: Account, context: Context, ports: Ports) -> None:
    """The vendor knows it no more; it is made anew for the next one."""
    shape = ports.channel.shape(rich)
    assert shape is not None
    await change_setting(
        Contents,
        lambda contents: contents.lost(account.account, shape, template, ports.clock()),
        context,
        store=ports.store,
        clock=ports.clock,
    )


async def _said(
    outgoing: Outgoing, conversation: UUID, tenant: UUID, store: Store, read: Mapping[int, Event] = NOTHING
) -> tuple[Spoken, str | None]:
    event = (
        read.get(outgoing.version) or (await event_at(conversation, outgoing.version, tenant, store)).event
    )
    said = spoken(event, outgoing.part)
    if said is None:
        raise Erased("this conversation was erased")
    if outgoing.disclosed is None:
        return said, None
    disclosed = (
        read.get(outgoing.disclosed)
        or (await event_at(conversation, outgoing.disclosed, tenant, store)).event
    )
    if not isinstance(disclosed, Conversation.Disclosed):
        raise Erased("this conversation was erased")
    return said, disclosed.text


async def event_at(stream: UUID, version: int, tenant: UUID, store: Store) -> Recorded:
    """Raises Erased where there is none any more."""
    async for recorded in store.stream(tenant, stream, after=version - 1, limit=1):
        return recorded
    raise Erased("this conversation is gone")


def _approved(template: TemplateWords, text: str | Rich, sender: Sender) -> Wording | Otherwise:
    """What may go out at any time, as the account's settings have it now."""
    known = sender.templates.get(template.name)
    if known is None or not known.approved or not isinstance(text, str):
        return Otherwise(code="no_template")
    return Wording(words=Approved(content=known.content, text=text, variables=template.variables))


def _outside_window(
    outgoing: Outgoing, said: Spoken, found: str | Rich, sender: Sender
) -> Wording | Otherwise:
    if sender.window is None or said.optional or said.campaign is not None:
        return Otherwise(code="outside_window")
    if not isinstance(found, str):
        return Otherwise(code="outside_window", instead=instead(outgoing, said))
    if units(found) > APPROVED:
        return Otherwise(code="outside_window", instead=narrower(outgoing, found, APPROVED))
    return Wording(words=Approved(content=sender.window, text=found))


async def template_of(rich: Rich, account: Account, context: Context, ports: Ports) -> str:
    """The one of the form's shape, made by the first who needs it. Raises NotTaken."""
    shape, tenant = ports.channel.shape(rich), context.tenant
    assert shape is not None
    for read in (latest_setting, load_setting):
        contents = await read(Contents, tenant, store=ports.store)
        if contents is not None and (known := contents.of(account.account, shape)) is not None:
            return known
    made = await ports.channel.make(rich, account)
    changed = await change_setting(
        Contents,
        lambda contents: contents.made(account.account, shape, made, ports.clock()),
        context,
        store=ports.store,
        clock=ports.clock,
    )
    return changed.setting.of(account.account, shape) or made
