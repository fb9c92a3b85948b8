"""What must hold of what goes out to customers after every event of a tenant's log."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from domain.base.recorded import Recorded
from domain.channels.delivery import Delivery as D


def nothing_is_sent_that_the_channel_is_known_to_have() -> Callable[[Recorded], str | None]:
    """Nor is anything sent while somebody is at it, or before it is on record that nobody knows its fate."""
    has: set[tuple[UUID, int]] = set()
    attempted: dict[tuple[UUID, int], int] = {}

    def check(recorded: Recorded) -> str | None:
        event = recorded.event
        if not isinstance(
            event, D.Attempted | D.Accepted | D.FateUnknown | D.NotTaken | D.StatusTold | D.Replaced
        ):
            return None
        key = recorded.stream, event.number
        if isinstance(event, D.Attempted):
            if key in has:
                return f"message {event.number} was sent again, though the channel had it"
            if key in attempted:
                return f"message {event.number} was sent again before its attempt {attempted[key]} had an outcome"
            attempted[key] = event.attempt
        elif isinstance(event, D.Accepted):
            has.add(key)
            attempted.pop(key, None)
        elif isinstance(event, D.StatusTold):
            if event.again_at is not None:
                has.discard(key)
        else:
            attempted.pop(key, None)
        return None

    return check


def every_message_goes_out_in_its_turn() -> Callable[[Recorded], str | None]:
    """What was said before goes out before, unless nobody knows its fate. A message that failed for the time being keeps its turn. Whatever the
    customer waits for goes out before a campaign."""
    waiting: dict[UUID, dict[int, tuple[bool, int]]] = {}

    def check(recorded: Recorded) -> str | None:
        event, places = recorded.event, waiting.setdefault(recorded.stream, {})
        if isinstance(event, D.TakenIn):
            for number, outgoing in enumerate(event.outgoing, event.first):
                places[number] = (outgoing.campaign is not None, number)
        elif isinstance(event, D.Replaced):
            place = places.pop(event.number, (False, event.number))
            places.update(dict.fromkeys(range(event.first, event.first + len(event.outgoing)), place))
        elif isinstance(event, D.Attempted):
            place = places.get(event.number, (False, event.number))
            if any((other, number) < (place, event.number) for number, other in places.items()):
                return f"message {event.number} was sent before others that were said before it"
        elif isinstance(event, D.Accepted | D.FateUnknown | D.GivenUp) or (
            isinstance(event, D.NotTaken) and event.again_at is None
        ):
            places.pop(event.number, None)
        return None

    return check
