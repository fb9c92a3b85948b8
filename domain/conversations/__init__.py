"""Conversations: a customer's messages, the agent's answers, and all that led to them.

Begin in `conversation.py`: the largest aggregate, one stream a customer, composed of its parts (`messages.py`, `answers.py`).
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.conversations.conversation import Conversation
from domain.conversations.orphan import Orphan

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Conversation,
    Orphan,
)
