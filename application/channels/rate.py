"""The rate of a sender, which all processes share: answers have their turn first, campaigns get what they leave.

An answer takes its turn ahead, however many wait. A campaign's message takes one only where it is due at once, so that of all the turns that are
taken at a moment at most `AHEAD` seconds' are a campaign's; and of the campaigns' messages of one process one asks at a time.
"""

from __future__ import annotations

import asyncio
import time
from weakref import WeakValueDictionary

import msgspec

from application.channels.accounts import Sender
from application.ports import Buckets

PATIENCE = 5.0
"""Seconds for which a message waits here for its turn at the sender's rate; where it is longer, it comes back then."""

BURST = 0.1
"""Seconds whose messages may go out at once: more of them would go over the rate in the first second."""

AHEAD = 0.02
"""Seconds ahead for which a campaign's message takes its turn, so that none is lost while it wakes up."""

_lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


class Taken(msgspec.Struct):
    """Turns that somebody has taken for a campaign's messages before."""

    left: int = 0


async def answers_turn(sender: Sender, buckets: Buckets) -> float:
    """Seconds until its turn, which is taken unless that is more than `PATIENCE`."""
    return await buckets.take(
        _name(sender), rate=sender.per_second, burst=sender.per_second * BURST, patience=PATIENCE
    )


async def campaigns_turn(sender: Sender, buckets: Buckets, patience: float = PATIENCE) -> float:
    """Seconds until its turn, after a wait; taken unless that is more than `AHEAD`."""
    name, until = _name(sender), time.monotonic() + patience
    if (line := _lines.get(name)) is None:
        line = _lines[name] = asyncio.Lock()
    async with line:
        while True:
            wait = await buckets.take(
                name, rate=sender.per_second, burst=sender.per_second * BURST, patience=AHEAD
            )
            if wait <= AHEAD or time.monotonic() + wait > until:
                return wait
            await asyncio.sleep(wait - AHEAD / 2)


def _name(sender: Sender) -> str:
    account = sender.account
    return f"send:{account.tenant}:{account.account}:{account.sender}"
