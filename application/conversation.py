"""Messages in, answers out."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import msgspec

from application.agent import configuration_of
from application.completing import complete
from application.context import Context
from application.ports import (
    Clock,
    Completers,
    Embedder,
    Ids,
    Keyring,
    Owed,
    Settled,
    Store,
    Unavailable,
    Vectors,
)
from domain.agent import AgentConfiguration
from domain.answering import cited, confidence_of, without_markers
from domain.completion import Attempt, CompletionRequest, Passage
from domain.conversation import Conversation, Message, Retrieved, Routing
from domain.errors import Conflict, Erased, Forbidden, Invalid
from domain.pricing import PriceTable
from domain.prompts import ANSWER, answer_prompt
from domain.recorded import Recorded
from domain.tenant import Tenant

ANSWER_WORK = "answer"
SAFETY_NET = timedelta(seconds=30)
"""When a worker takes over an answer that the caller's own request was to give."""

TRIES = 5
"""How often an answer begins again because newer messages came."""


class ReceiveMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`inbox` names the request, where it can come twice; `wait` tells that the caller gives the answer itself."""

    channel: str
    address: str
    name: str | None = None
    text: str
    message_id: str | None = None
    inbox: str | None = None
    wait: bool = False


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is the conversation's at the message."""

    conversation: UUID
    interaction: UUID
    version: int
    position: int
    duplicate: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID


class AnswerGiven(msgspec.Struct, frozen=True, kw_only=True):
    """`disclosure` is what the customer was told before this, the first answer; later None."""

    conversation: UUID
    messages: tuple[Message, ...]
    received_at: datetime
    disclosure: str | None
    metered: Conversation.Metered
    event: Conversation.Answered
    position: int


class CloseConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    reason: str | None = None


async def receive_message(
    command: ReceiveMessage, context: Context, *, store: Store, keyring: Keyring, clock: Clock, ids: Ids
) -> Received:
    """Take a customer's message. The same message id, or the same inbox key, has one effect and one result."""
    for name, value, most in (("channel", command.channel, 32), ("address", command.address, 256)):
        if not 1 <= len(value.strip()) <= most:
            raise Invalid(f"customer.{name} has 1 to {most} characters")
    tenant = await store.latest(Tenant, context.tenant, tenant=context.tenant)
    if tenant.state.status != "active":
        raise Forbidden(f"this tenant is {tenant.state.status}")
    interaction, message = ids(), command.message_id or str(ids())
    inbox = command.inbox or (
        f"message:{command.channel}:{command.message_id}" if command.message_id else None
    )
    joined = interaction

    def decide(known: Conversation | None) -> Conversation:
        nonlocal joined
        found = known or Conversation.start(
            conversation, channel=command.channel, address=command.address, name=command.name, at=clock()
        )
        joined = found.receive(message=message, text=command.text, interaction=interaction, at=clock())
        return found

    due_at = clock() + SAFETY_NET if command.wait else clock()
    for generation in count():
        conversation = await conversation_of(
            context.tenant, command.channel, command.address, generation, keyring=keyring
        )
        owed = Owed(kind=ANSWER_WORK, key=conversation.hex, due_at=due_at)
        try:
            found, saved = await store.change(
                Conversation, conversation, decide, context=context, inbox=inbox, work=[owed]
            )
            break
        except Erased:  # a customer who was forgotten and comes back begins anew
            continue
    if saved.duplicate:
        first = await _message_at(store, context.tenant, saved.position)
        assert isinstance(first.event, Conversation.MessageReceived)
        return Received(
            conversation=first.stream,
            interaction=first.event.interaction,
            version=first.version,
            position=first.position,
            duplicate=True,
        )
    return Received(
        conversation=conversation,
        interaction=joined,
        version=found.version,
        position=saved.position,
        duplicate=False,
    )


async def conversation_of(
    tenant: UUID, channel: str, address: str, generation: int = 0, *, keyring: Keyring
) -> UUID:
    """The id of a customer's conversation; `generation` counts their erasures before it."""
    parts = [channel, address] if generation == 0 else [channel, address, str(generation)]
    return await keyring.identify(tenant, "conversation", *parts)


async def answer(
    command: Answer,
    context: Context,
    *,
    store: Store,
    embedder: Embedder,
    vectors: Vectors,
    completers: Completers,
    prices: PriceTable,
    clock: Clock,
) -> AnswerGiven | None:
    """Answer what is pending, once: None when nothing was. Newer messages make it begin again. Raises Unavailable."""
    spent: tuple[Attempt, ...] = ()
    for tried in range(TRIES):
        conversation = await store.load(Conversation, command.conversation, tenant=context.tenant)
        burst = conversation.state.burst
        if burst is None:
            return None
        started = time.perf_counter()
        configuration, version = await configuration_of(context.tenant, store=store)
        questions = tuple(message.text for message in burst.messages)
        passages = await _retrieve(context.tenant, questions, configuration, embedder, vectors)
        history = conversation.state.history[: -len(questions)]
        prompt = answer_prompt(configuration, history, passages, questions)
        routing = Routing(model=configuration.default_model, reason="the configuration's default model")
        request = CompletionRequest(
            model=configuration.default_model,
            prompt=prompt,
            questions=questions,
            passages=passages,
            max_tokens=configuration.max_answer_tokens,
            temperature=configuration.temperature,
        )
        models = (configuration.default_model, *configuration.fallback_models)
        completion, tries = await complete(models, request, completers=completers, prices=prices, clock=clock)
        attempts = (*spent, *tries)
        conversation.ask(retrieved=_ranked(passages), prompt=prompt, at=clock())
        conversation.meter(routing=routing, attempts=attempts, at=clock())
        work: list[Owed | Settled] = [Settled(kind=ANSWER_WORK, key=command.conversation.hex)]
        if completion is None:
            reason = attempts[-1].error or attempts[-1].outcome
            conversation.fail(reason=reason, at=clock())
            work = []
        else:
            text, citations = cited(completion.text, passages)
            conversation.disclose(configuration.disclosure, clock())
            conversation.answer(
                text=text if configuration.attribution else without_markers(text),
                citations=citations,
                template=ANSWER,
                confidence=confidence_of(completion, passages),
                configuration_version=version,
                latency_ms=round((time.perf_counter() - started) * 1000, 3),
                at=clock(),
            )
        events = list(conversation.pending_events)
        try:
            saved = await store.save(conversation, context=context, work=work)
        except Conflict:
            if tried == TRIES - 1:
                raise
            spent = attempts  # paid for, though newer messages came before it could be said
            continue
        if completion is None:
            raise Unavailable("no provider gave an answer; it is tried again")
        answered = events[-1]
        assert isinstance(answered, Conversation.Answered)
        return AnswerGiven(
            conversation=conversation.id,
            messages=burst.messages,
            received_at=burst.since,
            disclosure=next((e.text for e in events if isinstance(e, Conversation.Disclosed)), None),
            metered=next(e for e in events if isinstance(e, Conversation.Metered)),
            event=answered,
            position=saved.position,
        )
    raise AssertionError("unreachable")


async def close_conversation(
    command: CloseConversation, context: Context, *, store: Store, clock: Clock
) -> int:
    """Close; a later message opens it again. Returns the position, 0 when it was closed already."""
    conversation = await store.load(Conversation, command.conversation, tenant=context.tenant)
    conversation.close(command.reason, clock())
    if not conversation.pending_events:
        return 0
    return (await store.save(conversation, context=context)).position


async def _retrieve(
    tenant: UUID,
    questions: tuple[str, ...],
    configuration: AgentConfiguration,
    embedder: Embedder,
    vectors: Vectors,
) -> tuple[Passage, ...]:
    if not configuration.retrieve_documents:
        return ()
    (embedding,) = await embedder.embed(["\n".join(questions)])
    return tuple(await vectors.search(tenant, embedding, embedder.model, configuration.document_results))


def _ranked(passages: tuple[Passage, ...]) -> tuple[Retrieved, ...]:
    return tuple(
        Retrieved(
            passage=passage.id,
            document=passage.document,
            title=passage.title,
            ordinal=passage.ordinal,
            page=passage.page,
            section=passage.section,
            score=passage.score,
            rank=rank,
        )
        for rank, passage in enumerate(passages, 1)
    )


async def _message_at(store: Store, tenant: UUID, position: int) -> Recorded:
    """The message that a command, whose first event is at `position`, received: it may have started the conversation first."""
    async for recorded in store.events(tenant, after=position - 1, limit=3):
        if isinstance(recorded.event, Conversation.MessageReceived):
            return recorded
    raise Conflict("this message was taken before, and its conversation was erased since")
