"""Why did it say this? An interaction explained from events alone: no provider, no read model's figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from application.flag import flags_at
from application.ports import Located, Locator, Store
from domain.agent import Agent, AgentConfiguration
from domain.completion import Attempt, Citation, Turn
from domain.conversation import Conversation, Message, Retrieved
from domain.errors import NotFound
from domain.recorded import Recorded
from domain.routing import Routing

_DOCUMENT = re.compile(r"<document number=(\d+) [^\n]*>\n(.*?)\n</document>", re.DOTALL)


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """An event that the explanation rests on."""

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


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """`flags` are those that were in force for this conversation when the answer was put on record."""

    interaction: UUID
    conversation: UUID
    status: str
    messages: tuple[Message, ...]
    disclosure: str | None = None
    answer: str | None = None
    citations: tuple[Citation, ...] = ()
    flags: dict[str, bool] = {}
    routing: Routing | None = None
    attempts: tuple[Attempt, ...] = ()
    passages: tuple[FoundPassage, ...] = ()
    prompt: tuple[Turn, ...] = ()
    template: str | None = None
    configuration_version: int | None = None
    configuration: AgentConfiguration | None = None
    confidence: float | None = None
    confidence_threshold: float | None = None
    handoff: str | None = None
    cached: bool = False
    cost: Decimal = Decimal(0)
    latency_ms: float | None = None
    evidence: tuple[Evidence, ...] = ()


async def explain(tenant: UUID, interaction: UUID, *, store: Store, locator: Locator) -> Explanation:
    """Everything that led to an answer. Raises NotFound."""
    place = await locator.locate(tenant, interaction)
    conversation = place.conversation
    events = await interaction_events(tenant, place, interaction, store=store)
    if not events:
        raise NotFound(f"there is no interaction {interaction} in this tenant")
    messages = tuple(
        Message(id=e.event.message, text=e.event.text)
        for e in events
        if isinstance(e.event, Conversation.MessageReceived)
    )
    disclosure = next((e.event.text for e in events if isinstance(e.event, Conversation.Disclosed)), None)
    failed = any(isinstance(e.event, Conversation.AnswerFailed) for e in events)
    answered = next((e.event for e in events if isinstance(e.event, Conversation.Answered)), None)
    prompted = next((e.event for e in reversed(events) if isinstance(e.event, Conversation.Prompted)), None)
    prompt = prompted.prompt if prompted else ()
    evidence = tuple(_evidence(recorded) for recorded in events)
    metered = [e.event for e in events if isinstance(e.event, Conversation.Metered)]
    chosen = answering(events)
    routing = chosen.routing if chosen else None
    attempts = tuple(attempt for each in metered for attempt in each.attempts)
    cost = sum((each.cost for each in metered), Decimal(0))
    flags = await flags_at(events[-1].position, tenant, store=store)
    if answered is None:
        return Explanation(
            interaction=interaction,
            conversation=conversation,
            status="failed" if failed else "pending",
            messages=messages,
            disclosure=disclosure,
            flags=flags.in_force(tenant, conversation),
            routing=routing,
            attempts=attempts,
            passages=_passages(prompted, ()),
            prompt=prompt,
            cost=cost,
            evidence=evidence,
        )
    configuration = await _configuration(tenant, answered.configuration_version, store)
    return Explanation(
        interaction=interaction,
        conversation=conversation,
        status="answered",
        messages=messages,
        disclosure=disclosure,
        answer=answered.text,
        citations=answered.citations,
        flags=flags.in_force(tenant, conversation),
        routing=routing,
        attempts=attempts,
        passages=_passages(prompted, answered.citations),
        prompt=prompt,
        template=answered.template,
        configuration_version=answered.configuration_version,
        configuration=configuration,
        confidence=answered.confidence,
        confidence_threshold=configuration.confidence_threshold,
        handoff=answered.handoff,
        cached=answered.cached,
        cost=cost,
        latency_ms=answered.latency_ms,
        evidence=evidence,
    )


async def interaction_events(
    tenant: UUID, place: Located, interaction: UUID, *, store: Store
) -> list[Recorded]:
    """The events that belong to one interaction, in order."""
    found = []
    async for recorded in store.stream(tenant, place.conversation, after=place.first_version - 1):
        if getattr(recorded.event, "interaction", None) == interaction:
            found.append(recorded)
            if isinstance(recorded.event, Conversation.Answered):
                break
    return found


async def _configuration(tenant: UUID, version: int, store: Store) -> AgentConfiguration:
    """The configuration as it was at a version; 0 are the defaults."""
    if version == 0:
        return AgentConfiguration()
    return (await store.load(Agent, Agent.id_of(tenant), tenant=tenant, version=version)).state.configuration


def _passages(
    prompted: Conversation.Prompted | None, citations: tuple[Citation, ...]
) -> tuple[FoundPassage, ...]:
    if prompted is None:
        return ()
    system = prompted.prompt[0].text if prompted.prompt else ""
    texts = {int(number): text for number, text in _DOCUMENT.findall(system)}
    cited = {citation.passage for citation in citations}
    return tuple(
        FoundPassage(retrieved=item, cited=item.passage in cited, text=texts.get(item.rank))
        for item in prompted.retrieved
    )


def answering(events: Sequence[Recorded]) -> Conversation.Metered | None:
    """Of an interaction's events the one that tells by what it was answered: the last before the answer. Late ones may follow it."""
    metered = None
    for recorded in events:
        if isinstance(recorded.event, Conversation.Metered):
            metered = recorded.event
        elif isinstance(recorded.event, Conversation.Answered):
            break
    return metered


def _evidence(recorded: Recorded) -> Evidence:
    return Evidence(
        position=recorded.position,
        version=recorded.version,
        kind=recorded.topic,
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        correlation=recorded.correlation,
        causation=recorded.causation,
        hash=recorded.hash.hex(),
    )
