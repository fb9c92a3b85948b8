"""Candidates for corrections: an operator who answers after the agent shows what it should have said. Made by work, once for each answer."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID, uuid5

import msgspec

from application.conversations.handoff import operator_id
from application.feedback.exchange import BEFORE, Answer, answers_in, lineage_of, texts_of
from application.ports import Clock, Keyring, Store
from domain.base.context import Context
from domain.base.errors import Erased
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.feedback.correction import Correction
from domain.feedback.lineage import Person


class ProposeCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: at which an operator has replied in the conversation."""

    conversation: UUID
    version: int


def candidate_of(interaction: UUID) -> UUID:
    """The correction's id follows from the interaction: whoever makes it again makes the same one."""
    return uuid5(interaction, "correction")


async def propose_candidate(
    command: ProposeCandidate, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> int:
    """Propose what the operator has said as what the agent should have, unless that is done; several replies in a row are one answer.

    The position; 0 where there is nothing to propose: the agent had not answered before, said the same, or all was erased since.
    """
    with suppress(Erased):
        conversation = await store.load(Conversation, command.conversation, tenant=context.tenant)
        since = command.version - BEFORE
        answers, events = await answers_in(command.conversation, context.tenant, store=store, since=since)
        answer = next((each for each in answers if _replied(each, command.version)), None)
        if conversation.state.forgotten or answer is None or not answer.messages:
            return 0
        return await _propose(answer, conversation, events, context, store, keyring, clock)
    return 0


def _replied(answer: Answer, version: int) -> bool:
    return any(reply.version == version for reply in answer.replies)


async def _propose(
    answer: Answer,
    conversation: Conversation,
    events: list[Recorded],
    context: Context,
    store: Store,
    keyring: Keyring,
    clock: Clock,
) -> int:
    first, said = answer.replies[0], [reply.event for reply in answer.replies]
    replies = [event for event in said if isinstance(event, Conversation.Replied)]
    texts = texts_of(answer, "\n".join(event.text for event in replies), conversation, events)
    if texts.exchange.answer.strip() == texts.said.strip():
        return 0
    name = replies[0].operator
    id = await operator_id(context.tenant, name, keyring=keyring)
    proposer = Person(by=first.actor, operator=name, operator_id=id)
    versions = tuple(reply.version for reply in answer.replies)

    def decide(known: Correction | None) -> Correction:
        if known is not None:
            known.extend(texts, versions, clock())
            return known
        return Correction.propose(
            candidate_of(answer.event.interaction),
            lineage=lineage_of(answer, conversation, events),
            texts=texts,
            category="other",
            source="operator",
            proposer=proposer,
            replies=versions,
            at=clock(),
        )

    correction = candidate_of(answer.event.interaction)
    _, saved = await store.change(Correction, correction, decide, context=context)
    return saved.position
