"""What an explanation of an answer says, and how its parts are read out of the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from application.ports import Store
from domain.agents.agent import Agent, AgentConfiguration
from domain.answers.context_window import Cut
from domain.answers.plan import Decision
from domain.answers.serving import Serving
from domain.answers.split import Assignment, Kind, Split
from domain.answers.suggesting.reactions import Reaction
from domain.answers.suggesting.suggest import Suggestions
from domain.answers.understanding import Understanding
from domain.answers.variant import Variant
from domain.base.recorded import Recorded
from domain.conversations.state import Message
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Citation, Turn
from domain.retrieval.conflicts.conflicts import Conflict
from domain.retrieval.passages import Retrieved, text_of
from domain.retrieval.results.figures import RetrievalFigures


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the explanation rests on. `causation` is the `id` of the event that led to it, or the request that did."""

    id: UUID
    position: int
    version: int
    kind: str
    recorded_at: datetime
    actor: str
    correlation: UUID
    causation: UUID | None
    hash: str


class FoundPassage(msgspec.Struct, frozen=True, kw_only=True):
    """A retrieved passage with the text that stood in the prompt."""

    retrieved: Retrieved
    cited: bool
    text: str | None


class ServedArm(msgspec.Struct, frozen=True, kw_only=True):
    """An arm that the answer is of: of which experiment or deployment, the share that it had then, and what it changed of the agent."""

    split: UUID
    kind: Kind
    arm: str
    share: float
    variant: Variant


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """`flags` are those that were in force for this conversation, or call, when the answer was put on record. Of a call of the completions
    API `interaction` is its id, and there is no conversation.

    `reason`: why there is no answer, or only a part of one. `operator`: who has answered, where that was a person.
    """

    interaction: UUID
    conversation: UUID | None = None
    status: Literal["pending", "answered", "failed"]
    messages: tuple[Message, ...]
    disclosure: str | None = None
    answer: str | None = None
    operator: str | None = None
    reason: str | None = None
    citations: tuple[Citation, ...] = ()
    flags: dict[str, bool] = {}
    routing: Routing | None = None
    attempts: tuple[Attempt, ...] = ()
    passages: tuple[FoundPassage, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    """Between the passages, which the prompt tells of."""

    retrieval: RetrievalFigures | None = None
    """How each source did that was asked for passages, and how long it took."""

    looked_for: str = ""
    """What the passages were looked for with, where that is more than the questions: what they go on from."""

    prompt: tuple[Turn, ...] = ()
    template: str | None = None
    configuration_version: int | None = None
    configuration: AgentConfiguration | None = None
    """As it held for this answer: that of `configuration_version`, with what the arms change of it."""

    variants: tuple[ServedArm, ...] = ()
    confidence: float | None = None
    handoff: str | None = None
    understanding: Understanding | None = None
    decision: Decision | None = None
    cut: tuple[Cut, ...] = ()
    """What the prompt did not hold, and why."""

    recovers: UUID | None = None
    """The interaction whose question this one answers, which was left unanswered."""

    suggestions: Suggestions | None = None
    """What else of the catalogue was suggested, what was left out and why, and what that goes by; null: nothing was known to be."""

    reactions: tuple[Reaction, ...] = ()
    """What the customer made of what was suggested before."""

    plain: bool = False
    """By the agent without documents and routing."""

    cached: bool = False
    cost: Decimal = Decimal(0)
    latency_ms: float | None = None
    evidence: tuple[Evidence, ...] = ()


async def configuration_at(
    tenant: UUID, version: int, arms: Sequence[ServedArm], store: Store
) -> AgentConfiguration:
    """The configuration as it was at a version (0 are the defaults), with what the arms change of it."""
    configuration = AgentConfiguration()
    if version > 0:
        agent = await store.load(Agent, Agent.id_of(tenant), tenant=tenant, version=version)
        configuration = agent.state.configuration
    for arm in arms:
        configuration = arm.variant.applied(configuration)
    return configuration


async def arms_of(tenant: UUID, assignments: Sequence[Assignment], store: Store) -> tuple[ServedArm, ...]:
    """The arms that an answer is of, with what each was opened with: a variant never changes."""
    if not assignments:
        return ()
    opened: dict[UUID, Split] = {}
    async for recorded in store.stream(tenant, Serving.id_of(tenant)):
        if isinstance(recorded.event, Serving.Opened):
            opened[recorded.event.split.id] = recorded.event.split
    arms = [(each, opened[each.split].arm(each.arm)) for each in assignments]
    return tuple(
        ServedArm(split=each.split, kind=each.kind, arm=each.arm, share=each.share, variant=arm.variant)
        for each, arm in arms
        if arm is not None
    )


def passages_in(
    retrieved: Sequence[Retrieved], prompt: Sequence[Turn], citations: Sequence[Citation]
) -> tuple[FoundPassage, ...]:
    """Those that were found, with what stood of them in the prompt."""
    cited = {citation.passage for citation in citations}
    return tuple(
        FoundPassage(retrieved=item, cited=item.passage in cited, text=text_of(item, prompt))
        for item in retrieved
    )


def evidence_of(events: Sequence[Recorded]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            id=recorded.id,
            position=recorded.position,
            version=recorded.version,
            kind=recorded.topic,
            recorded_at=recorded.recorded_at,
            actor=recorded.actor,
            correlation=recorded.correlation,
            causation=recorded.causation,
            hash=recorded.hash.hex(),
        )
        for recorded in events
    )
