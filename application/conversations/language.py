"""The language of a conversation's customer."""

from __future__ import annotations

from domain.base.language import language_of
from domain.conversations.conversation import Conversation

TOLD_BY = 5
"""The customer's latest messages, which tell their language."""


def customers_language(conversation: Conversation) -> str | None:
    """ISO 639-1; None where it can't be told."""
    said = [turn.text for turn in conversation.state.history if turn.role == "user"]
    return language_of("\n".join(said[-TOLD_BY:]))
