"""Why did it say this? An interaction explained from events alone: no provider, no read model's figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from application.audit.explain_call import explain_call
from application.audit.explanation import (
    Explanation,
    FoundPassage,
    arms_of,
    configuration_at,
    evidence_of,
    passages_in,
)
from application.flags.flag import flags_at
from application.ports import Located, Locator, Store
from domain.base.errors import NotFound
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.conversations.state import Message
from domain.models.completion import Citation

SAME = (
    "confidence",
    "handoff",
    "understanding",
    "decision",
    "cut",
    "recovers",
    "plain",
    "suggestions",
    "reactions",
    "cached",
    "latency_ms",
)
"""What an explanation has just as the answer's event has it."""


async def explain(tenant: UUID, interaction: UUID, *, store: Store, locator: Locator) -> Explanation:
    """Everything that led to the answer of an interaction, or of a call of the completions API. Raises NotFound."""
    call = await explain_call(tenant, interaction, store=store)
    return call or await explain_interaction(tenant, interaction, store=store, locator=locator)


async def explain_interaction(
    tenant: UUID, interaction: UUID, *, store: Store, locator: Locator
) -> Explanation:
    """Raises NotFound."""
    place = await locator.locate(tenant, interaction)
    conversation = place.conversation
    events = await interaction_events(tenant, place, interaction, store=store)
    if not events:
        raise NotFound(f"there is no interaction {interaction} in this tenant")
    failed = [e.event.reason for e in events if isinstance(e.event, Conversation.AnswerFailed)]
    answered = next((e.event for e in events if isinstance(e.event, Conversation.Answered)), None)
    replied = next((e.event for e in events if isinstance(e.event, Conversation.Replied)), None)
    prompted = next((e.event for e in reversed(events) if isinstance(e.event, Conversation.Prompted)), None)
    metered = [e.event for e in events if isinstance(e.event, Conversation.Metered)]
    chosen = answering(events)
    known = Explanation(
        interaction=interaction,
        conversation=conversation,
        status="answered" if replied else "failed" if failed else "pending",
        messages=tuple(
            Message(id=e.event.message, text=e.event.text, parts=e.event.parts)
            for e in events
            if isinstance(e.event, Conversation.MessageReceived)
        ),
        disclosure=next((e.event.text for e in events if isinstance(e.event, Conversation.Disclosed)), None),
        answer=replied.text if replied else None,
        operator=replied.operator if replied else None,
        reason=failed[-1] if failed else None,
        flags=(await flags_at(events[-1].position, tenant, store=store)).in_force(tenant, conversation),
        routing=chosen.routing if chosen else None,
        variants=await arms_of(tenant, chosen.variants if chosen else (), store),
        attempts=tuple(attempt for each in metered for attempt in each.attempts),
        passages=_passages(prompted, ()),
        retrieval=chosen.retrieval if chosen else None,
        **_asked(prompted),
        cost=sum((each.cost for each in metered), Decimal(0)),
        evidence=evidence_of(events),
    )
    if answered is None:
        return known
    return msgspec.structs.replace(
        known,
        status="answered",
        reason=None,
        answer=answered.text,
        citations=answered.citations,
        passages=_passages(prompted, answered.citations),
        template=answered.template,
        configuration_version=answered.configuration_version,
        configuration=await configuration_at(tenant, answered.configuration_version, known.variants, store),
        **{name: getattr(answered, name) for name in SAME},
    )


def _asked(prompted: Conversation.Prompted | None) -> dict[str, Any]:
    if prompted is None:
        return {}
    return {
        "conflicts": prompted.conflicts,
        "looked_for": prompted.looked_for,
        "prompt": prompted.prompt,
    }


def _passages(
    prompted: Conversation.Prompted | None, citations: tuple[Citation, ...]
) -> tuple[FoundPassage, ...]:
    """Those that the model was asked with, and which of them the answer cites."""
    return passages_in(prompted.retrieved, prompted.prompt, citations) if prompted else ()


async def interaction_events(
    tenant: UUID, place: Located, interaction: UUID, *, store: Store
) -> list[Recorded]:
    """The events that belong to one interaction, in order."""
    found = list[Recorded]()
    async for recorded in store.stream(tenant, place.conversation, after=place.first_version - 1):
        if _is_last(recorded, interaction, found):
            break
    return found


def belonging(events: Iterable[Recorded], interaction: UUID) -> list[Recorded]:
    """Of a conversation's events those of one interaction, as `interaction_events` reads them."""
    found = list[Recorded]()
    for recorded in events:
        if _is_last(recorded, interaction, found):
            break
    return found


def _is_last(recorded: Recorded, interaction: UUID, found: list[Recorded]) -> bool:
    """Adds it where it is of the interaction; whether it ends that one."""
    event = recorded.event
    if isinstance(event, Conversation.Replied) and interaction in event.interactions:
        found.append(recorded)
        return True
    if getattr(event, "interaction", None) == interaction:
        found.append(recorded)
        return isinstance(event, Conversation.Answered)
    return False


def answering(events: Sequence[Recorded]) -> Conversation.Metered | None:
    """Of an interaction's events the one that tells by what it was answered: the last before the answer. Late ones may follow it."""
    metered = None
    for recorded in events:
        if isinstance(recorded.event, Conversation.Metered):
            metered = recorded.event
        elif isinstance(recorded.event, Conversation.Answered):
            break
    return metered
