"""Responses of the Responses API: calls as all others, which may be read again, gone on from, and taken out of reach."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from application.ports import Clock, Files, Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.chat.call import Call
from domain.chat.response import ResponseFacts
from domain.models.completion import Turn


class KeptResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A response as it is on record. `answered` None: it came to no whole answer, and `ended` says why."""

    call: UUID
    at: datetime
    facts: ResponseFacts
    requested: Call.Requested
    metered: Call.Metered
    answered: Call.Answered | None = None
    ended: Call.Ended | None = None


async def kept_response(id: UUID, tenant: UUID, *, store: Store) -> KeptResponse:
    """Raises NotFound, also for one that was not to be stored, was deleted, or whose user was forgotten."""
    there: dict[type, object] = {}
    async for recorded in store.stream(tenant, id):
        there[type(recorded.event)] = recorded.event
    responded, requested, metered = (
        there.get(kind) for kind in (Call.Responded, Call.Requested, Call.Metered)
    )
    if (
        not isinstance(responded, Call.Responded)
        or not isinstance(requested, Call.Requested)
        or not isinstance(metered, Call.Metered)
        or not responded.facts.stored
        or Call.ResponseDeleted in there
    ):
        raise NotFound(
            f"there is no response resp_{id.hex}; one of `store: false`, or that was deleted, can't be read or gone on from: send its items"
        )
    answered, ended = there.get(Call.Answered), there.get(Call.Ended)
    return KeptResponse(
        call=id,
        at=metered.timestamp,
        facts=responded.facts,
        requested=requested,
        metered=metered,
        answered=answered if isinstance(answered, Call.Answered) else None,
        ended=ended if isinstance(ended, Call.Ended) else None,
    )


async def turns_until(
    id: UUID, tenant: UUID, *, store: Store, files: Files
) -> tuple[tuple[Turn, ...], dict[UUID, bytes]]:
    """The conversation up to a response, with what it said, without its instructions, and the contents of its images and files. Raises NotFound."""
    kept = await kept_response(id, tenant, store=store)
    before = kept.requested.messages[1:] if kept.facts.instructed else kept.requested.messages
    last = kept.answered or kept.ended
    if last is not None and (last.text or last.calls):
        before = (*before, Turn(role="assistant", text=last.text, calls=last.calls))
    subject, contents = kept.requested.user_id or id, dict[UUID, bytes]()
    for each in (attached for turn in before for attached in turn.attachments):
        if each.id not in contents:
            contents[each.id] = b"".join([piece async for piece in files.read(tenant, subject, each.id)])
    return before, contents


async def delete_response(id: UUID, context: Context, *, store: Store, clock: Clock) -> int:
    """It is given out no more; the log keeps it, sealed. Raises NotFound. Returns the position."""
    await kept_response(id, context.tenant, store=store)

    def decide(call: Call | None) -> Call:
        assert call is not None
        call.delete_response(clock())
        return call

    _, saved = await store.change(Call, id, decide, context=context)
    return saved.position
