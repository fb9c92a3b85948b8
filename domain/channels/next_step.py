"""What is to be done next about a conversation's messages: sent, looked for, waited for, or left to a person. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.channels import statuses
from domain.channels.delivery import Delivery, Sending

CALLING = timedelta(seconds=30)
"""After an attempt: whoever made it has recorded its outcome by then, or died."""

HELD = timedelta(minutes=1)
"""For which a message of unknown fate holds up those behind it; then they go on without it, as the customer may wait for them."""

SETTLED = timedelta(minutes=20)
"""After an attempt: what the channel has of it, it has told by then, or listed. (Twilio's list may lack a message for 15 minutes.)"""

LOOKS = tuple(timedelta(seconds=seconds) for seconds in (35, 60, 120, 300, 600, 900))
"""After an attempt: when the list is looked at again."""

UnknownFate = Literal["resend", "operator"]


class Send(msgspec.Struct, frozen=True):
    number: int


class Doubt(msgspec.Struct, frozen=True):
    """Its attempt has no outcome."""

    number: int
    attempt: int


class Look(msgspec.Struct, frozen=True):
    """Whether the channel's list has it."""

    number: int
    attempt: int
    since: datetime


class GiveUp(msgspec.Struct, frozen=True):
    """Nobody can tell whether the customer has it, or the channel has not taken it for hours."""

    number: int
    why: Literal["unknown_fate", "undelivered"]


class Wait(msgspec.Struct, frozen=True):
    until: datetime


Step = Send | Doubt | Look | GiveUp | Wait


def next_step(
    delivery: Delivery, now: datetime, *, unknown_fate: UnknownFate, looked: Collection[tuple[int, int]] = ()
) -> Step | None:
    """In order: a message waits for those before it. `looked`: of these (number, attempt) the list was just looked at. None: nothing is to be done."""
    soonest: datetime | None = None
    for number, sending in delivery.waiting():
        at = sending.at
        if sending.status == "queued":
            if at is not None and sending.since is not None and at >= sending.since + statuses.TRYING:
                return GiveUp(number, "undelivered")
            if at is None or at <= now:
                return Send(number)
            return Wait(at if soonest is None else min(at, soonest))
        assert at is not None
        if sending.status == "attempted":
            return Wait(at + CALLING) if now < at + CALLING else Doubt(number, sending.attempt)
        if (number, sending.attempt) not in looked:
            return Look(number, sending.attempt, at)
        if now >= at + SETTLED:
            return Send(number) if unknown_fate == "resend" else GiveUp(number, "unknown_fate")
        look = _next_look(sending, now)
        soonest = look if soonest is None else min(look, soonest)
        if now < at + HELD:
            return Wait(min(soonest, at + HELD))
    return None if soonest is None else Wait(soonest)


def _next_look(sending: Sending, now: datetime) -> datetime:
    assert sending.at is not None
    ahead = [sending.at + after for after in LOOKS if sending.at + after > now]
    return ahead[0] if ahead else sending.at + SETTLED
