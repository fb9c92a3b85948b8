"""Messages in, answers out."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import msgspec

from application.agent import configuration_of
from application.budget import settlement
from application.catalogue import catalogue_of
from application.completing import Asked, Course, Providers
from application.context import Context
from application.flag import enabled
from application.ports import (
    Clock,
    Embedder,
    Ids,
    Keyring,
    Owed,
    Settled,
    Store,
    Unavailable,
    Vectors,
)
from application.responses import respond
from application.retrieving import ranked, retrieve
from application.routing import Question, route
from domain.answering import cited, confidence_of, without_markers
from domain.completion import CompletionRequest
from domain.conversation import Conversation, Message
from domain.errors import Conflict, Erased, Forbidden, Invalid
from domain.prompts import ANSWER, OUT_OF_BUDGET, answer_prompt
from domain.recorded import Recorded
from domain.tenant import Tenant

ANSWER_WORK = "answer"
SAFETY_NET = timedelta(seconds=30)
"""When a worker takes over an answer that the caller's own request was to give."""

TRIES = 5
"""How often an answer begins again because newer messages came."""

RACES = 20
"""How often what was spent is put on record again after a lost race."""


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
    inbox = command.inbox
    if inbox is None and command.message_id:
        # Inbox keys outlive an erasure, and an id may hold a phone number.
        id = await keyring.identify(context.tenant, "message", command.channel, command.message_id)
        inbox = f"message:{id}"
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
    providers: Providers,
    clock: Clock,
    ids: Ids,
) -> AnswerGiven | None:
    """Answer what is pending, once: None when nothing was. Newer messages make it begin again. Raises Unavailable."""
    course, late = Course(), None
    for tried in range(TRIES):
        conversation = await store.load(Conversation, command.conversation, tenant=context.tenant)
        burst = conversation.state.burst
        if burst is None:
            if late is not None:
                await _pay(command.conversation, late, course, context, store, clock)
            return None
        started = time.perf_counter()
        configuration, version = await configuration_of(context.tenant, store=store)
        if not await enabled("full_agent", str(conversation.id), tenant=context.tenant, store=store):
            configuration = configuration.plain()
        questions = tuple(message.text for message in burst.messages)
        passages = await retrieve(
            context.tenant, questions, configuration, embedder=embedder, vectors=vectors
        )
        history = conversation.state.history[: -len(questions)]
        prompt = answer_prompt(configuration, history, passages, questions)
        chosen = await route(
            Question(prompt=prompt, questions=questions, turns=len(history), subject=conversation.id),
            tenant=context.tenant,
            configuration=configuration,
            store=store,
            catalogue=await catalogue_of(context.tenant, store=store, shipped=providers.catalogue),
            counter=providers.counter,
            clock=clock,
        )
        request = CompletionRequest(
            model=chosen.routing.model,
            prompt=prompt,
            questions=questions,
            passages=passages,
            max_tokens=configuration.max_answer_tokens,
            temperature=configuration.temperature,
        )
        completion = await respond(
            Asked(interaction=burst.interaction, route=chosen, request=request),
            course.begin(),
            context,
            configuration_version=version,
            store=store,
            providers=providers,
            clock=clock,
            ids=ids,
        )
        conversation.ask(retrieved=ranked(passages), prompt=prompt, at=clock())
        late = conversation.meter(
            burst.interaction, routing=course.routing(chosen), attempts=course.attempts, at=clock()
        )
        if completion is not None:
            text, citations = cited(completion.text, passages)
            conversation.disclose(configuration.disclosure, clock())
            conversation.answer(
                text=text if configuration.attribution else without_markers(text),
                citations=citations,
                template=ANSWER,
                confidence=confidence_of(completion, passages),
                configuration_version=version,
                cached=course.attempts[-1].cached,
                latency_ms=round((time.perf_counter() - started) * 1000, 3),
                at=clock(),
            )
        elif course.exhausted is not None:
            conversation.disclose(configuration.disclosure, clock())
            conversation.answer(
                text=configuration.out_of_budget,
                citations=(),
                template=OUT_OF_BUDGET,
                confidence=0.0,
                handoff="budget",
                configuration_version=version,
                latency_ms=round((time.perf_counter() - started) * 1000, 3),
                at=clock(),
            )
        else:
            conversation.fail(reason=course.failure(), at=clock())
        failed = isinstance(conversation.pending_events[-1], Conversation.AnswerFailed)
        work = [] if failed else [Settled(kind=ANSWER_WORK, key=command.conversation.hex)]
        events = list(conversation.pending_events)
        settled = settlement(course.attempts, course.reservations, clock())
        try:
            saved = await store.save(
                conversation,
                *settled.aggregates,
                context=context,
                work=[*work, *settled.work],
                tallies=settled.tallies,
            )
        except Conflict:
            if tried == TRIES - 1:
                raise
            # Paid for, though newer messages, or another answer, came before it could be said.
            await course.refresh(context.tenant, store)
            continue
        if failed:
            raise Unavailable("no provider gave an answer; it is tried again")
        answered = events[-1]
        assert isinstance(answered, Conversation.Answered)
        return AnswerGiven(
            conversation=conversation.id,
            messages=burst.messages,
            received_at=burst.since,
            disclosure=next((e.text for e in events if isinstance(e, Conversation.Disclosed)), None),
            metered=late,
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


async def _pay(
    id: UUID, metered: Conversation.Metered, course: Course, context: Context, store: Store, clock: Clock
) -> None:
    """Put on record what was spent on an answer that somebody else has given first."""
    for race in range(RACES):
        try:
            conversation = await store.load(Conversation, id, tenant=context.tenant)
        except Erased:
            return  # nothing may follow an erasure; what was reserved is given back in time
        if conversation.state.forgotten:
            return
        conversation.meter(metered.interaction, routing=metered.routing, attempts=course.attempts, at=clock())
        settled = settlement(course.attempts, course.reservations, clock())
        try:
            await store.save(
                conversation, *settled.aggregates, context=context, work=settled.work, tallies=settled.tallies
            )
        except Conflict:
            if race == RACES - 1:
                raise
            await course.refresh(context.tenant, store)
        else:
            return


async def _message_at(store: Store, tenant: UUID, position: int) -> Recorded:
    """The message that a command, whose first event is at `position`, received: it may have started the conversation first."""
    async for recorded in store.events(tenant, after=position - 1, limit=3):
        if isinstance(recorded.event, Conversation.MessageReceived):
            return recorded
    raise Conflict("this message was taken before, and its conversation was erased since")
