"""The customer is asked, by buttons, whether an answer helped: of which answers, and in which words."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from application.answers.feedback_token import issue_token
from application.conversations.language import customers_language
from application.ports import Keyring
from domain.agents.configuration import AgentConfiguration
from domain.agents.rating_words import rating_words
from domain.conversations.conversation import Conversation
from domain.conversations.rating_prompts import is_asked_about


async def ask_rating(
    conversation: Conversation,
    answered: Conversation.Answered,
    configuration: AgentConfiguration,
    tenant: UUID,
    at: datetime,
    *,
    keyring: Keyring,
) -> None:
    """Where the configuration says so; to be saved with the answer. Nobody is asked about what is no answer of its own: a question back, a refusal, a handover; nor
    while something else is to be chosen, or waits."""
    if not is_asked_about(answered.interaction, configuration) or not conversation.may_ask_rating:
        return
    if answered.decision.kind != "answer" or answered.rich is not None:
        return
    token = await issue_token(
        tenant,
        answered.interaction,
        conversation.id,
        answered_at=at,
        days=configuration.feedback_days,
        keyring=keyring,
    )
    conversation.ask_rating(answered.interaction, token, rating_words(customers_language(conversation)), at)
