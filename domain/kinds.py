"""All kinds of aggregates, by the name that stands in `kind/id`. One line each."""

from __future__ import annotations

from typing import Any

from domain.agent import Agent
from domain.audit import AuditTrail
from domain.base import Aggregate, events_of
from domain.budget import Budget
from domain.call import Call
from domain.catalogue_overrides import CatalogueOverrides
from domain.conversation import Conversation
from domain.document import Document
from domain.embedding import Embedding
from domain.errors import Invalid
from domain.flag import Flags
from domain.orphan import Orphan
from domain.projection import Projections
from domain.reservation import Reservation
from domain.retention import Retention
from domain.router import Router
from domain.tenant import Tenant
from domain.user import User

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
