"""Forgetting a customer: said by an event at once, carried out by work that survives every crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count
from uuid import UUID

import msgspec

from application.base.erase import ERASE_WORK, Erase, erase
from application.channels.person import alias_of, beside
from application.chat.end_user import API, forget_calls, forget_user
from application.conversations.conversation import conversation_of
from application.conversations.owing import ANSWER_WORK, HANDOFF_WORK, SUMMARISE_WORK
from application.ports import DELIVER_WORK, Cache, Clock, Done, Due, Eraser, Keyring, Store
from application.shop.forgetting import FORGET_PURCHASES_WORK
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound
from domain.channels.alias import Alias
from domain.channels.delivery import Delivery, delivery_of
from domain.conversations.conversation import Conversation

RACES = 50
"""How often it is said again after a lost race."""


class ForgetCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    channel: str
    address: str


class EraseUser(msgspec.Struct, frozen=True, kw_only=True):
    user: UUID


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """`conversations` that are being erased, the earlier ones of this customer included; `position` of the last event, 0 when
    all had been forgotten before.

    `users`: those of the completions API with this name, one after each erasure, all of whose calls are being erased.
    """

    conversations: tuple[UUID, ...]
    users: tuple[UUID, ...] = ()
    position: int


async def forget_customer(
    command: ForgetCustomer, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> Forgotten:
    """Say that a customer is to be erased; on the channel `api` also the calls for whom the app named so. Raises NotFound for one who
    never wrote."""
    found: list[UUID] = []
    users: tuple[UUID, ...] = ()
    position = 0
    if command.channel == API:
        users, position = await forget_user(
            command.address, context, store=store, keyring=keyring, clock=clock
        )
    async for conversation in _all(command, context.tenant, store=store, keyring=keyring):
        try:
            said = await forget_conversation(conversation, context, store=store, clock=clock)
        except NotFound:  # it never began
            continue
        position = said or position
        found.append(conversation)
    if not found and not users:
        raise NotFound("this customer has no conversation in this tenant; check channel and address")
    return Forgotten(conversations=tuple(found), users=users, position=position)


async def _all(
    command: ForgetCustomer, tenant: UUID, *, store: Store, keyring: Keyring
) -> AsyncIterator[UUID]:
    """Those of the address, and whatever else the same customer had under other addresses, each once."""
    known: set[UUID] = set()
    ahead = [each async for each in _conversations(command, tenant, store=store, keyring=keyring)]
    while ahead:
        conversation = ahead.pop(0)
        if conversation in known:
            continue
        known.add(conversation)
        yield conversation
        for number in count():
            link = await beside(tenant, conversation, number, keyring=keyring)
            try:
                ahead.append((await store.load(Alias, link, tenant=tenant)).state.conversation)
            except NotFound:
                break


async def _conversations(
    command: ForgetCustomer, tenant: UUID, *, store: Store, keyring: Keyring
) -> AsyncIterator[UUID]:
    """Those under the address itself, the earlier ones that were erased included, and those that it is another address of."""
    for generation in count():
        conversation = await conversation_of(
            tenant, command.channel, command.address, generation, keyring=keyring
        )
        try:
            await store.load(Conversation, conversation, tenant=tenant)
        except Erased:
            pass
        except NotFound:
            break
        yield conversation
    for generation in count():
        alias = await alias_of(tenant, command.channel, command.address, generation, keyring=keyring)
        try:
            linked = await store.load(Alias, alias, tenant=tenant)
        except NotFound:
            return
        yield linked.state.conversation


async def forget_conversation(
    conversation: UUID,
    context: Context,
    *,
    store: Store,
    clock: Clock,
    idle_since: datetime | None = None,
) -> int:
    """Say that a conversation is to be erased; with `idle_since` only if nothing has happened in it since then.

    Returns the position, 0 where nothing was to be said any more. Raises NotFound.
    """
    work: list[Due | Done] = [
        Due(kind=ERASE_WORK, key=conversation.hex, due_at=clock()),
        Due(kind=FORGET_PURCHASES_WORK, key=conversation.hex, due_at=clock()),
        Done(kind=ANSWER_WORK, key=conversation.hex),
        Done(kind=HANDOFF_WORK, key=conversation.hex),
        Done(kind=SUMMARISE_WORK, key=conversation.hex),
        Done(kind=DELIVER_WORK, key=conversation.hex),
    ]
    for race in range(RACES):
        try:
            known = await store.load(Conversation, conversation, tenant=context.tenant)
            delivery = await _delivery(known, context.tenant, store, clock)
        except Erased:
            return 0
        except NotFound:
            raise NotFound(f"there is no conversation {conversation} in this tenant") from None
        if known.state.forgotten or (idle_since is not None and known.modified_on >= idle_since):
            return 0
        known.forget(clock())
        both = [known] if delivery is None else [known, delivery]
        try:
            return (await store.save(*both, context=context, work=work)).position
        except Conflict:  # somebody has written, or was sent something, meanwhile
            if race == RACES - 1:
                raise
    raise AssertionError("unreachable")


async def _delivery(conversation: Conversation, tenant: UUID, store: Store, clock: Clock) -> Delivery | None:
    """What was sent in it, which is forgotten with it. Begun where there is none yet, so that whoever is about to begin it loses the race."""
    try:
        delivery = await store.load(Delivery, delivery_of(conversation.id), tenant=tenant)
    except Erased:
        return None
    except NotFound:
        if not conversation.delivers:
            return None
        delivery = Delivery.begin(conversation.id, clock())
    delivery.forget(clock())
    return delivery if delivery.pending_events else None


async def erase_user(
    command: EraseUser, context: Context, *, store: Store, eraser: Eraser, cache: Cache, clock: Clock
) -> int:
    """Say of each call of a forgotten user that it goes, then erase them all at once; returns how many events were blanked."""
    await forget_calls(command.user, context, store=store, eraser=eraser, clock=clock)
    return await erase(Erase(subject=command.user), context, eraser=eraser, cache=cache)
