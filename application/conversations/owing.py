"""What is owed to a customer who came by a channel that delivers."""

from __future__ import annotations

from datetime import datetime

from application.ports import DELIVER_WORK, Owed
from domain.conversations.conversation import Conversation


def deliveries(conversation: Conversation, at: datetime) -> list[Owed]:
    """To be saved with anything that the customer is to get; nothing where they fetch it themselves."""
    if not conversation.delivers:
        return []
    return [Owed(kind=DELIVER_WORK, key=conversation.id.hex, due_at=at)]
