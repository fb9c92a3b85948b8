"""All kinds of aggregates, by the name that stands in `kind/id`: those of each room. One line a room."""

from __future__ import annotations

from typing import Any

from domain import (
    actions,
    agents,
    answers,
    audit,
    budgets,
    campaigns,
    channels,
    chat,
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
    replay,
    retrieval,
    shop,
    tenancy,
    webhooks,
)
from domain.base.aggregate import Aggregate, Event, events_of
from domain.base.errors import Invalid

KINDS: tuple[type[Aggregate[Any]], ...] = (
    *tenancy.AGGREGATES,
    *operators.AGGREGATES,
    *agents.AGGREGATES,
    *actions.AGGREGATES,
    *answers.AGGREGATES,
    *conversations.AGGREGATES,
    *channels.AGGREGATES,
    *feedback.AGGREGATES,
    *retrieval.AGGREGATES,
    *shop.AGGREGATES,
    *audit.AGGREGATES,
    *privacy.AGGREGATES,
    *budgets.AGGREGATES,
    *models.AGGREGATES,
    *gateway.AGGREGATES,
    *flags.AGGREGATES,
    *learning.AGGREGATES,
    *chat.AGGREGATES,
    *experiments.AGGREGATES,
    *operations.AGGREGATES,
    *webhooks.AGGREGATES,
    *replay.AGGREGATES,
    *insight.AGGREGATES,
    *campaigns.AGGREGATES,
)
NAMES = {kind.TOPIC: kind for kind in KINDS}
TOPICS = frozenset(topic for kind in KINDS for topic in events_of(kind))
ERASING = frozenset(topic for kind in KINDS for topic, event in events_of(kind).items() if event.ERASES)
"""Events that say why the payloads before them in their stream are gone."""

MACHINE_MADE = frozenset(
    topic for kind in KINDS for topic, event in events_of(kind).items() if event.MACHINE_MADE
)
"""Events with a text that a machine wrote."""

METERED: tuple[type[Event], ...] = tuple(
    event for kind in KINDS for event in events_of(kind).values() if event.METERS
)
"""The events that say what calls of providers cost."""


def kind_of(name: str) -> type[Aggregate[Any]]:
    """The aggregate class of a name that somebody gave. Raises Invalid."""
    if name not in NAMES:
        raise Invalid(f"there is no kind {name[:60]!r}; known are {', '.join(sorted(NAMES))}")
    return NAMES[name]


def topic_of(name: str) -> str:
    """An event's topic that somebody gave. Raises Invalid."""
    if name not in TOPICS:
        raise Invalid(f"there is no kind of event {name[:100]!r}; known are {', '.join(sorted(TOPICS))}")
    return name
