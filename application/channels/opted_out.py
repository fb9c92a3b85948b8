"""What the vendor says of a customer who has opted out there: it is on record here too, for all that nobody has asked for."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from application.base.amend import amend
from application.ports import Clock, Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.conversations.conversation import Conversation

OPTED_OUT = frozenset({"21610", "63033"})
"""Codes of messages that were refused since the customer wants none. START undoes it, there and here."""


async def note_opt_out(
    code: str | None, conversation: UUID, context: Context, *, store: Store, clock: Clock
) -> None:
    """Nothing where the code says something else, or the customer is gone."""
    if code not in OPTED_OUT:
        return
    with suppress(NotFound):
        await amend(
            Conversation,
            conversation,
            lambda known: known.opt("out", f"the channel's code {code}", clock()),
            context=context,
            store=store,
        )
