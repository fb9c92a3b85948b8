"""What becomes of a message at a channel, in the channel's own words, which come in any order. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

Status = Literal[
    "queued",
    "attempted",
    "unknown",
    "accepted",
    "sent",
    "delivered",
    "read",
    "failed",
    "replaced",
    "given_up",
]
"""`queued`: it waits to be sent. `attempted`: somebody is sending it, or died over it. `unknown`: nobody knows whether the channel has it.
`accepted`: the channel has it. `failed`: it was refused for good, or not delivered. `replaced`: its text went out instead. `given_up`: a
person has to see to it. The others are the channel's."""

OPEN: frozenset[Status] = frozenset({"queued", "attempted", "unknown"})
"""Of which something is to be done."""

WORDS: dict[str, Status] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}
"""The channel's word → ours. One that is not here is kept, and changes nothing."""

ARRIVED: frozenset[Status] = frozenset({"delivered", "read"})

RANKS: dict[Status, int] = {
    "queued": 0,
    "attempted": 1,
    "unknown": 2,
    "given_up": 3,
    "accepted": 4,
    "sent": 5,
    "failed": 6,
    "delivered": 7,
    "read": 8,
    "replaced": 9,
}
"""What comes later in a message's life. A read message was delivered, said or not; a failure on one phone does not undo that it came on another."""

PASSING = frozenset({"20429", "21611", "30001", "63012", "63018"})
"""Codes of failures that say: the same again, later and slower. (Twilio's error codes; what is not known here is reported.)"""

REWORDED = frozenset({"63005", "63013", "63019", "63021", "21620", "21656", "63036"})
"""Codes that say of a form: not this content, or nothing is at its file's address that can be taken (63019, 21620). Its text goes out instead."""

TRYING = timedelta(hours=6)
"""After the first refusal for the time being: later than that it is not tried again."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=10)


def later(now: Status, then: Status) -> bool:
    """Whether a message that is `now` becomes `then` by news of it."""
    return RANKS[then] > RANKS[now]


def pause(tries: int) -> timedelta:
    """Before the next try, after so many: doubled each time, up to the longest."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries - 1, 20))
