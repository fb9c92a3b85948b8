"""The token with which whoever has got an answer may rate it, shown with the answer."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from application.agents.agent import configuration_of
from application.answers.feedback_token import issue_token
from interfaces.bootstrap import Services
from interfaces.http.conversations.interaction import Interaction


async def with_token(shown: Interaction, tenant: UUID, services: Services) -> Interaction:
    """With its token, as long as it can be rated; the same one whenever it is shown."""
    if shown.status != "answered" or shown.answered_at is None:
        return shown
    configuration, _ = await configuration_of(tenant, store=services.store)
    days = configuration.feedback_days
    if services.clock() >= shown.answered_at + timedelta(days=days):
        return shown
    token = await issue_token(
        tenant,
        shown.id,
        shown.conversation,
        answered_at=shown.answered_at,
        days=days,
        keyring=services.keyring,
    )
    return msgspec.structs.replace(shown, feedback_token=token)
