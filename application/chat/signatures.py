"""Signatures of calls: a vendor's word for the thoughts behind a call goes back to it with the call, through clients that know nothing of it.

The id of a signed call says which answer of ours it is of; there, sealed, its signature is on record.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from application.ports import Store
from domain.chat.call import Call
from domain.models.completion import Turn
from domain.models.tools import ToolCall

_SIGNED = re.compile(r"call_([0-9a-f]{32})_\d{1,3}")


async def with_signatures(turns: tuple[Turn, ...], tenant: UUID, store: Store) -> tuple[Turn, ...]:
    """Those since the user's last message with what their calls lack; what came before it no vendor wants signed."""
    last = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=-1)
    answers = {
        UUID(found[1])
        for turn in turns[last + 1 :]
        for call in turn.calls
        if call.signature is None and (found := _SIGNED.fullmatch(call.id)) is not None
    }
    if not answers:
        return turns
    signed: dict[str, ToolCall] = {}
    for answer in answers:
        async for recorded in store.stream(tenant, answer):
            if isinstance(recorded.event, Call.Answered):
                signed |= {call.id: call for call in recorded.event.calls}
    return (*turns[: last + 1], *(_signed(turn, signed) for turn in turns[last + 1 :]))


def _signed(turn: Turn, signed: dict[str, ToolCall]) -> Turn:
    if not turn.calls:
        return turn
    calls: Sequence[ToolCall] = [
        replace(call, signature=signed[call.id].signature) if call.id in signed else call
        for call in turn.calls
    ]
    return replace(turn, calls=tuple(calls))
