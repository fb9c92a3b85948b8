"""The HTTP interface: the routers and the examples of each room. One line a room."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http import (
    actions,
    agents,
    answers,
    audit,
    budgets,
    campaigns,
    channels,
    chat,
    console,
    conversations,
    experiments,
    feedback,
    flags,
    gateway,
    insight,
    learning,
    models,
    operations,
    operators,
    privacy,
    retrieval,
    shop,
    tenancy,
    webhooks,
)
from interfaces.http.base import problems
from interfaces.http.base.described.description import Examples

ROUTERS: Sequence[Router] = (
    *conversations.ROUTERS,
    *channels.ROUTERS,
    *campaigns.ROUTERS,
    *feedback.ROUTERS,
    *privacy.ROUTERS,
    *retrieval.ROUTERS,
    *shop.ROUTERS,
    *agents.ROUTERS,
    *answers.ROUTERS,
    *tenancy.ROUTERS,
    *operators.ROUTERS,
    *console.ROUTERS,
    *insight.ROUTERS,
    *budgets.ROUTERS,
    *flags.ROUTERS,
    *experiments.ROUTERS,
    *chat.ROUTERS,
    *models.ROUTERS,
    *gateway.ROUTERS,
    *operations.ROUTERS,
    *audit.ROUTERS,
    *webhooks.ROUTERS,
    *actions.ROUTERS,
    *learning.ROUTERS,
    problems.ROUTER,
)

EXAMPLES: Examples = {
    **conversations.EXAMPLES,
    **channels.EXAMPLES,
    **campaigns.EXAMPLES,
    **feedback.EXAMPLES,
    **gateway.EXAMPLES,
    **chat.EXAMPLES,
    **privacy.EXAMPLES,
    **audit.EXAMPLES,
    **retrieval.EXAMPLES,
    **shop.EXAMPLES,
    **agents.EXAMPLES,
    **answers.EXAMPLES,
    **budgets.EXAMPLES,
    **models.EXAMPLES,
    **tenancy.EXAMPLES,
    **operators.EXAMPLES,
    **flags.EXAMPLES,
    **experiments.EXAMPLES,
    **webhooks.EXAMPLES,
    **actions.EXAMPLES,
    **insight.EXAMPLES,
    **learning.EXAMPLES,
}
