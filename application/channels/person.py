"""Which conversation somebody is in who may have several addresses on a channel: a phone number, a business-scoped id, or both at once.

Whoever arrives by one and later by the other stays in one conversation, where a message has once said that both are theirs (`Alias`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import count
from uuid import UUID

from application.conversations.conversation import Locate, conversation_of
from application.ports import Clock, Keyring, Store
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound
from domain.channels.alias import Alias
from domain.conversations.conversation import Conversation

KNOWN = 100_000
"""Addresses of which a process remembers the conversation (some 200 bytes each)."""

TRIES = 20


class People:
    """One a process. It remembers where addresses led, so that whoever writes again costs no look."""

    def __init__(self, *, store: Store, keyring: Keyring, clock: Clock) -> None:
        self._store, self._keyring, self._clock = store, keyring, clock
        self._known: OrderedDict[tuple[UUID, ...], UUID] = OrderedDict()

    def locate(self, channel: str, address: str, aliases: Sequence[str], context: Context) -> Locate:
        """For `receive_message`. `address` names a new conversation, `aliases` are other addresses of the same customer's."""
        addresses = (address, *aliases)

        async def located(erased: UUID | None) -> UUID:
            keys = [
                await self._keyring.identify(context.tenant, "alias", channel, each) for each in addresses
            ]
            # Both together: a message that says of two addresses that they are one customer's has to be looked at.
            known = (context.tenant, *keys)
            if erased is not None:
                self._known.pop(known, None)
            elif (found := self._known.get(known)) is not None:
                self._known.move_to_end(known)
                return found
            for _ in range(TRIES):
                try:
                    found = await self._found(channel, addresses, context)
                except Conflict:  # somebody else has just linked one of them
                    continue
                self._known[known] = found
                if len(self._known) > KNOWN:
                    self._known.popitem(last=False)
                return found
            raise Conflict("others link this customer's addresses again and again; try again")

        return located

    async def _found(self, channel: str, addresses: Sequence[str], context: Context) -> UUID:
        """Raises Conflict where a link was lost to somebody else."""
        tenant = context.tenant
        links = {each: await self._link(tenant, channel, each) for each in addresses}
        theirs = [there for _, there, found in links.values() if there and _same(found, addresses)]
        own = {}
        if theirs:
            there = theirs[0]
        else:
            for each in addresses:
                own[each] = await self._own(tenant, channel, each)
            # Who came without a number first has their conversation under that name.
            begun = [each for each in reversed(addresses) if own[each][1] and _same(own[each][1], addresses)]
            there = own[begun[0] if begun else addresses[0]][0]
        for each, (free, linked, _) in links.items():
            mine, begun_there = own[each] if each in own else await self._own(tenant, channel, each)
            if linked is None and mine != there:
                made = [Alias.link(free, there, self._clock())]
                # Begun or not: another process may be about to begin it.
                if _same(begun_there, addresses):
                    made.append(Alias.link(await self._free(tenant, there), mine, self._clock()))
                await self._store.save(*made, context=context)
        return there

    async def _free(self, tenant: UUID, conversation: UUID) -> UUID:
        """The id of the next link from a conversation to another one of the same customer's."""
        for number in count():
            id = await beside(tenant, conversation, number, keyring=self._keyring)
            try:
                await self._store.load(Alias, id, tenant=tenant)
            except NotFound:
                return id
        raise AssertionError("unreachable")

    async def _link(
        self, tenant: UUID, channel: str, address: str
    ) -> tuple[UUID, UUID | None, Conversation | None]:
        """The id that a link of this address has or would get, and where it leads; those to conversations that were erased are over."""
        for generation in count():
            id = await alias_of(tenant, channel, address, generation, keyring=self._keyring)
            try:
                there = (await self._store.load(Alias, id, tenant=tenant)).state.conversation
                return id, there, await self._begun(tenant, there)
            except Erased:
                continue
            except NotFound:
                return id, None, None
        raise AssertionError("unreachable")

    async def _own(self, tenant: UUID, channel: str, address: str) -> tuple[UUID, Conversation | None]:
        """The conversation that is under this very address, or would be; None where it has not begun."""
        for generation in count():
            id = await conversation_of(tenant, channel, address, generation, keyring=self._keyring)
            try:
                return id, await self._begun(tenant, id)
            except Erased:
                continue
        raise AssertionError("unreachable")

    async def _begun(self, tenant: UUID, conversation: UUID) -> Conversation | None:
        """Raises Erased."""
        try:
            found = await self._store.load(Conversation, conversation, tenant=tenant)
        except Erased:
            raise
        except NotFound:
            return None
        if found.state.forgotten:
            raise Erased
        return found


def _same(found: Conversation | None, addresses: Sequence[str]) -> bool:
    """Whether it can be the conversation of who has these addresses. Two phone numbers are never one customer's: a new number brings a new
    business-scoped id, so where one id stands beside two numbers it says nothing."""
    if found is None:
        return True
    phones = {each for each in addresses if _is_phone(each)}
    theirs = {each for each in (found.state.address, found.state.origin) if each and _is_phone(each)}
    return not phones or not theirs or bool(phones & theirs)


def _is_phone(address: str) -> bool:
    number = address.rpartition(":")[2]
    return number.startswith("+") and number[1:].isdigit()


async def alias_of(
    tenant: UUID, channel: str, address: str, generation: int = 0, *, keyring: Keyring
) -> UUID:
    """The id of the link from an address; `generation` counts the erasures of conversations that it led to."""
    parts = [channel, address] if generation == 0 else [channel, address, str(generation)]
    return await keyring.identify(tenant, "alias", *parts)


async def beside(tenant: UUID, conversation: UUID, number: int, *, keyring: Keyring) -> UUID:
    """The id of the link from the conversation that a customer's addresses lead to, to the `number`th that one of them had led to."""
    return await keyring.identify(tenant, "beside", conversation.hex, str(number))
