"""All kinds of aggregates, by the name that stands in `kind/id`. One line each."""

from __future__ import annotations

from typing import Any

from domain.agents.agent import Agent
from domain.audit.audit import AuditTrail
from domain.base.aggregate import Aggregate, events_of
from domain.base.errors import Invalid
from domain.budgets.budget import Budget
from domain.budgets.reservation import Reservation
from domain.chat.call import Call
from domain.chat.end_user import User
from domain.conversations.conversation import Conversation
from domain.conversations.orphan import Orphan
from domain.flags.flag import Flags
from domain.gateway.router import Router
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.operations.projections import Projections
from domain.privacy.retention import Retention
from domain.retrieval.document import Document
from domain.retrieval.embedding import Embedding
from domain.tenancy.tenant import Tenant

KINDS: tuple[type[Aggregate[Any]], ...] = (
    Tenant,
    Agent,
    Conversation,
    Document,
    AuditTrail,
    Retention,
    Budget,
    Reservation,
    CatalogueOverrides,
    Router,
    Flags,
    Call,
    Embedding,
    Orphan,
    User,
    Projections,
)
NAMES = {kind.TOPIC: kind for kind in KINDS}
TOPICS = frozenset(topic for kind in KINDS for topic in events_of(kind))
ERASING = frozenset(topic for kind in KINDS for topic, event in events_of(kind).items() if event.ERASES)
"""Events that say why the payloads before them in their stream are gone."""


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
