"""What must hold of calls of the completions API after every event of a tenant's log."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from domain.base.recorded import Recorded
from domain.chat.call import Call


def every_call_is_metered_once_and_ends_once() -> Callable[[Recorded], str | None]:
    """All of its events are written at once, so nothing comes between them either."""
    metered: set[UUID] = set()
    ended: set[UUID] = set()
    open: UUID | None = None

    def check(recorded: Recorded) -> str | None:
        nonlocal open
        event, stream = recorded.event, recorded.stream
        if open is not None and open != stream:
            left, open = open, None
            return f"the call {left} has not ended"
        if isinstance(event, Call.Requested):
            open = stream
        elif isinstance(event, Call.Metered):
            if stream in metered:
                return "the call was metered a second time"
            metered.add(stream)
        elif isinstance(event, Call.Answered | Call.Ended):
            open = None
            if stream in ended:
                return "the call ended a second time"
            ended.add(stream)
            if stream not in metered:
                return "the call ended without being metered"
        return None

    return check
