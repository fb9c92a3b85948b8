"""An answer to a customer as it is put on record, with what it cost."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.answers.prepared import Prepared
from application.base.steps import step
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.conversations.decide import Reply
from application.conversations.owing import ANSWER_WORK, deliveries, expiry, summary
from application.conversations.rating_prompt import ask_rating
from application.gateway.run import Run
from application.ports import Done, Due, Unavailable
from domain.base.context import Context
from domain.base.errors import Conflict, Erased
from domain.conversations.conversation import Conversation
from domain.conversations.fitting import fitting
from domain.conversations.offer_cards import offer_card
from domain.conversations.orphan import Orphan
from domain.conversations.rating_prompts import is_asked_about
from domain.conversations.rich import Rich
from domain.conversations.state import Burst, Message
from domain.conversations.suggested import CHANNELS, consent_buttons, suggestion_buttons, suggestion_options
from domain.retrieval.markers import without_markers
from domain.retrieval.passages import ranked

RACES = 20
"""How often it is saved again after a lost race."""


class AnswerGiven(msgspec.Struct, frozen=True, kw_only=True):
    """`disclosure` is what the customer was told before this, the first answer; later None. `more`: newer messages wait."""

    conversation: UUID
    messages: tuple[Message, ...]
    received_at: datetime
    disclosure: str | None
    metered: Conversation.Metered
    event: Conversation.Answered
    position: int
    more: bool = False


@step("record")
async def record_answer(
    conversation: Conversation,
    prepared: Prepared,
    run: Run,
    reply: Reply | None,
    context: Context,
    ports: Ports,
    *,
    sent: bool,
) -> AnswerGiven | None:
    """Save the answer to what is pending: one transaction with its prompt, what it cost, and the end of its work.

    `reply`: None where there is no answer; that is on record then. Raises Unavailable for it, and Conflict where the conversation has moved
    on; what the customer has begun to get (`sent`) newer messages don't change, and no claim. None where another one has answered since, a person has come before its first piece, or it was erased: then the
    cost alone is on record.
    """
    for _ in range(RACES):
        try:
            return await _save(conversation, prepared, run, reply, context, ports, sent)
        except Conflict as conflict:
            if not sent:
                raise
            lost = conflict
        await refresh(run, context.tenant, ports.store)
        left: Burst | None = None
        with suppress(Erased):
            conversation = await ports.store.load(Conversation, conversation.id, tenant=context.tenant)
            left = conversation.answerable(ports.clock())
        if left is None or left.interaction != run.interaction:
            await record_spend(conversation.id, run, context, ports)
            return None
    raise lost


async def record_spend(id: UUID, run: Run, context: Context, ports: Ports) -> None:
    """Save what a run has cost that led to no answer of ours: somebody else has given it first, the conversation was erased meanwhile, or
    whoever made it was stopped."""
    for race in range(RACES):
        try:
            await settled_save(
                await _metered(id, run, context, ports), run.calls, run, run.interaction, context, ports
            )
            return
        except (Conflict, Erased):
            if race == RACES - 1:
                raise
            await refresh(run, context.tenant, ports.store)


async def _save(
    conversation: Conversation,
    prepared: Prepared,
    run: Run,
    reply: Reply | None,
    context: Context,
    ports: Ports,
    sent: bool,
) -> AnswerGiven:
    """Its events are made at its end: the log refuses what is older than some seconds."""
    burst, at = conversation.pending, ports.clock()
    assert burst is not None
    if prepared.prompt:
        conversation.ask(
            retrieved=ranked(prepared.passages, prepared.prompt),
            prompt=prepared.prompt,
            conflicts=prepared.conflicts,
            looked_for=prepared.looked_for,
            at=at,
        )
    metered = _meter(conversation, run, at, reply, prepared)
    disclosure = _answer(conversation, prepared, run, reply, at)
    last = conversation.pending_events[-1]
    if isinstance(last, Conversation.Answered) and prepared.considered.plan.say is None:
        await ask_rating(
            conversation, last, prepared.configuration, context.tenant, at, keyring=ports.keyring
        )
    decision = None if reply is None else reply.reasons.decision
    if decision is not None and decision.kind == "hand_over":
        category = decision.category or decision.kind
        conversation.hand_over(category, decision.evidence, at, interaction=run.interaction)
    key = conversation.id.hex
    work: list[Due | Done] = []
    if isinstance(last, Conversation.AnswerFailed):
        if sent:  # the row was put off for the time of sending
            work = [Due(kind=ANSWER_WORK, key=key, due_at=at)]
    else:
        work = [
            *deliveries(conversation, at),
            *expiry(conversation, prepared.configuration),
            *summary(conversation, at),
        ]
        if conversation.pending_for_agent is None:
            work.append(Done(kind=ANSWER_WORK, key=key))
    saved = await settled_save(conversation, run.calls, run, run.interaction, context, ports, work=work)
    if not isinstance(last, Conversation.Answered):
        raise Unavailable(f"there is no answer yet, it is tried again: {run.failure()}")
    return AnswerGiven(
        conversation=conversation.id,
        messages=burst.messages,
        received_at=burst.since,
        disclosure=disclosure,
        metered=metered,
        event=last,
        position=saved.position,
        more=conversation.pending_for_agent is not None,
    )


def _answer(
    conversation: Conversation, prepared: Prepared, run: Run, reply: Reply | None, at: datetime
) -> str | None:
    """The disclosure that comes with it."""
    if reply is None:
        conversation.fail(reason=run.failure(), at=at)
        return None
    conversation.disclose(prepared.disclosure, at)
    assert conversation.pending is not None
    disclosure, taken = conversation.pending.disclosure, conversation.state.handoff
    conversation.answer(
        text=reply.text,
        rich=_form(conversation, prepared, run, reply) if conversation.delivers else None,
        shown=reply.shown,
        citations=reply.citations,
        template=reply.template,
        confidence=reply.confidence,
        handoff=reply.handoff if taken is None else taken.category,  # it ended there
        configuration_version=prepared.configuration_version,
        pending_documents=prepared.pending_documents,
        cached=bool(run.attempts) and run.attempts[-1].cached,
        latency_ms=prepared.latency_ms,
        at=at,
        reasons=reply.reasons,
    )
    return disclosure


def _form(conversation: Conversation, prepared: Prepared, run: Run, reply: Reply) -> Rich | None:
    """Buttons for a yes or a no, buttons or a list of what is to be chosen; a card of the one offer that it is about; buttons for what is suggested. The last two not where the
    customer is to be asked by buttons whether the answer helped: then the text alone tells of them."""
    asked_for, has_buttons = prepared.considered.plan.asks, conversation.state.channel in CHANNELS
    wants_rich = prepared.configuration.rich_messages
    if (
        asked_for is not None
        and has_buttons
        and asked_for.kind in (("act", "confirm") if wants_rich else ("act",))
    ):
        return consent_buttons(reply.text, prepared.language)
    if not wants_rich:
        return None
    found = reply.reasons.suggestions
    suggested = () if found is None else found.offers
    if not suggested and reply.shown is None and (form := fitting(reply.text)) is not None:
        return form
    asked = is_asked_about(run.interaction, prepared.configuration) and conversation.state.unasked is None
    if asked or not has_buttons:
        return None
    shown = without_markers(reply.text) if reply.shown is None else reply.shown
    text, card = f"{shown}{reply.suggested}", None
    if reply.on_show is not None and reply.shown is None:
        card = offer_card(text, reply.on_show, suggestion_options(suggested))
    return card or suggestion_buttons(text, suggested)


def _meter(
    conversation: Conversation,
    run: Run,
    at: datetime,
    reply: Reply | None = None,
    prepared: Prepared | None = None,
) -> Conversation.Metered:
    return conversation.meter(
        run.interaction,
        routing=run.routing,
        attempts=run.attempts,
        reservations=run.reserved,
        embeddings=run.embeddings,
        outcome=None if reply is None else reply.outcome,
        retrieval=None if prepared is None else prepared.figures(() if reply is None else reply.citations),
        variants=run.variants,
        at=at,
    )


async def _metered(id: UUID, run: Run, context: Context, ports: Ports) -> Conversation | Orphan:
    """In the conversation; by itself where that was erased, as nothing may follow an erasure."""
    at, conversation = ports.clock(), None
    with suppress(Erased):
        conversation = await ports.store.load(Conversation, id, tenant=context.tenant)
    if conversation is None or conversation.state.forgotten:
        return Orphan.meter(ports.ids(), run.interaction, run.attempts, run.reserved, run.embeddings, at)
    _meter(conversation, run, at)
    return conversation
