"""Buttons of ours that are no message: whoever asks by them takes them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from domain.base.context import Context
from domain.channels.incoming import IncomingMessage

Outcome = Literal["message", "duplicate", "notice", "rating", "press", "status", "unknown", "rejected"]

Press = Callable[[IncomingMessage, str, Context], Awaitable[Outcome | None]]
"""What a button of ours means that is no message, given with the inbox key of what came; None: it is none of those."""


async def no_button(incoming: IncomingMessage, inbox: str, context: Context) -> Outcome | None:
    """Each button is a message."""
    return None


def either(*presses: Press) -> Press:
    """The first that knows the button."""

    async def press(incoming: IncomingMessage, inbox: str, context: Context) -> Outcome | None:
        for each in presses:
            if (outcome := await each(incoming, inbox, context)) is not None:
                return outcome
        return None

    return press
