"""The kinds of work of each room: one line a room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from application.answers.enrichment import work as enrichment
from application.base.work import context_of
from application.budgets import work as budgets
from application.campaigns import work as campaigns
from application.channels import work as channels
from application.conversations import work as conversations
from application.experiments import work as experiments
from application.feedback import work as feedback
from application.flags import work as flags
from application.insight import work as insight
from application.insight.alerts import work as alerts
from application.learning import work as learning
from application.learning.tuning import work as tuning
from application.operations.projections import raise_projection_alert
from application.ports import PROJECTION_ALERT_WORK, Item, Kind, Vectors
from application.privacy import work as privacy
from application.replay import work as replay
from application.retrieval import work as retrieval
from application.shop import work as shop
from application.tenancy import work as tenancy
from application.webhooks import work as webhooks


class Ports(
    learning.Ports,
    experiments.Ports,
    tuning.Ports,
    conversations.Ports,
    enrichment.Ports,
    campaigns.Ports,
    channels.Ports,
    retrieval.Ports,
    privacy.Ports,
    tenancy.Ports,
    budgets.Ports,
    flags.Ports,
    webhooks.Ports,
    feedback.Ports,
    insight.Ports,
    alerts.Ports,
    replay.Ports,
    shop.Ports,
    Protocol,
):
    """What the handlers need."""

    @property
    def vectors(self) -> Vectors:
        """Answers only search in them; documents are put in place, too."""


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_raise_projection_alert(item: Item) -> None:
        context = context_of(item, p.ids, "projector")
        await raise_projection_alert(item.key, context, store=p.store, clock=p.clock)

    return {
        **conversations.kinds(p),
        **enrichment.kinds(p),
        **channels.kinds(p),
        **campaigns.kinds(p),
        **retrieval.kinds(p),
        **shop.kinds(p),
        **privacy.kinds(p),
        **tenancy.kinds(p),
        **budgets.kinds(p),
        **flags.kinds(p),
        **experiments.kinds(p),
        **webhooks.kinds(p),
        **learning.kinds(p),
        **tuning.kinds(p),
        **feedback.kinds(p),
        **insight.kinds(p),
        **alerts.kinds(p),
        **replay.kinds(p),
        PROJECTION_ALERT_WORK: Kind(handler=do_raise_projection_alert, attempts=20),
    }
