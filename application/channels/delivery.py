"""What a channel tells of messages that went out: in whatever order, more than once, and before its own answer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from application.channels.opted_out import note_opt_out
from application.channels.wording import rewording
from application.ports import DELIVER_WORK, Clock, Due, Keyring, Store
from domain.base.context import Context
from domain.base.errors import NotFound, nowhere
from domain.channels.delivery import Delivery, delivery_of, named
from domain.channels.outgoing import Outgoing
from domain.channels.statuses import PASSING


class RecordStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`attempt` is its name, as the callback's address has it; `sid` and `status` are the vendor's words, `code` its error."""

    attempt: str | None
    sid: str
    status: str
    code: str | None = None


async def record_status(
    command: RecordStatus, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> int:
    """Take it in; the position, the same one where it was told before. 0: it is of no message of ours, or of one that was erased."""
    found = named(command.attempt or "")
    if found is None:
        return 0
    conversation, number, attempt = found
    id = delivery_of(conversation)
    # Inbox keys outlive an erasure, and whoever has the account finds the words by the SID there.
    parts = "status", command.attempt or "", command.sid, command.status
    inbox = f"status:{await keyring.identify(context.tenant, *parts)}"
    try:
        known = await store.load(Delivery, id, tenant=context.tenant)
        await note_opt_out(command.code, conversation, context, store=store, clock=clock)
        texts = await rewording(known, number, command.code, context.tenant, store)
        # What waits for this goes on at once. This one itself waits where it is told of before its sender has heard: that one goes on with it.
        behind = any(waits != number for waits, _ in known.waiting())
        due = behind or command.code in PASSING or texts
        owed = [Due(kind=DELIVER_WORK, key=conversation.hex, due_at=clock())] if due else []
        _, saved = await store.change(
            Delivery,
            id,
            lambda delivery: _told(delivery, number, attempt, command, texts, clock),
            context=context,
            inbox=inbox,
            work=owed,
        )
    except NotFound:
        return 0
    return saved.position


def _told(
    delivery: Delivery | None,
    number: int,
    attempt: int,
    command: RecordStatus,
    texts: Sequence[Outgoing],
    clock: Clock,
) -> Delivery:
    if delivery is None:
        raise nowhere(Delivery.TOPIC, command.attempt)
    delivery.told(
        number,
        attempt,
        sid=command.sid,
        status=command.status,
        code=command.code,
        at=clock(),
        texts=texts,
    )
    return delivery
