"""The window: how long after a customer's message the channel lets us write freely. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.conversations.conversation import Conversation

WHATSAPP = "whatsapp"
"""The channel that has forms, and a window."""

WINDOW, MARGIN = timedelta(hours=24), timedelta(minutes=1)
"""After a customer's message, for which WhatsApp lets us write freely; and what a message may take on its way."""


def is_outside(conversation: Conversation, now: datetime) -> bool:
    """Whether the customer's window is closed then, as far as they have not written since."""
    state = conversation.state
    if state.channel != WHATSAPP:
        return False
    return state.heard_at is None or now - state.heard_at > WINDOW - MARGIN
