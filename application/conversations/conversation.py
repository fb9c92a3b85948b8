"""Messages in, answers out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import msgspec

from application.agents.agent import configuration_of
from application.answers.ports import Ports
from application.answers.prompt import prompt_of
from application.base.amend import amend
from application.base.tasks import finished
from application.budgets.hold import refresh
from application.conversations.delivery import ANSWER_WORK as ANSWER_WORK
from application.conversations.delivery import Listener, Sending, unsent
from application.conversations.record import AnswerGiven as AnswerGiven
from application.conversations.record import AnswerRecord, Spent, pay
from application.flags.flag import enabled
from application.gateway.lease import holding
from application.gateway.respond import respond
from application.gateway.route import Question, route
from application.gateway.run import Asked, Run
from application.models.catalogue import catalogue_of
from application.ports import Clock, Keyring, Owed, Store
from application.retrieval.retrieve import retrieve
from domain.base.aggregate import event_id
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, Forbidden, Invalid
from domain.base.language import language_of
from domain.base.recorded import Recorded
from domain.conversations.conversation import Burst, Conversation
from domain.models.completion import CompletionRequest
from domain.tenancy.tenant import Tenant

SAFETY_NET = timedelta(seconds=5)
"""When a worker takes over an answer that the caller's own request was to give and did not begin to."""

ROOM = 20.0
"""Seconds for which the caller's own request waits for room in the budget: as long as it lasts it keeps its turn (`Turns`), and then
a worker takes over."""

TRIES = 5
"""How often an answer begins again because newer messages came."""

JOINING = timedelta(seconds=20)
"""After the first unanswered message: an answer that begins again later than that takes in no newer messages any more."""


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
    """`patience`: seconds for which it waits for room in the budget."""

    conversation: UUID
    patience: float = ROOM


class CloseConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    reason: str | None = None


async def receive_message(command: ReceiveMessage, context: Context, ports: Ports) -> Received:
    """Take a customer's message. The same message id in a conversation, or the same inbox key, has one effect and one result.

    Raises Conflict for an inbox key whose message was erased since.
    """
    for name, value, most in (("channel", command.channel, 32), ("address", command.address, 256)):
        if not 1 <= len(value.strip()) <= most:
            raise Invalid(f"customer.{name} has 1 to {most} characters")
    store, keyring, clock, ids = ports.store, ports.keyring, ports.clock, ports.ids
    tenant = await store.latest(Tenant, context.tenant, tenant=context.tenant)
    if tenant.state.status != "active":
        raise Forbidden(f"this tenant is {tenant.state.status}")
    interaction, message = ids(), command.message_id or str(ids())
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
        inbox = command.inbox
        if inbox is None and command.message_id:
            # An id is unique within its conversation only. Inbox keys outlive an erasure, and an id may hold a phone number.
            id = await keyring.identify(context.tenant, "message", str(conversation), command.message_id)
            inbox = f"message:{id}"
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
    command: Answer, context: Context, ports: Ports, listener: Listener | None = None
) -> AnswerGiven | None:
    """Answer what is pending, once: None when nothing was. Newer messages make it begin again, unless it is with the customer, or they
    have held it up for long: then they are the next burst's.

    Raises Unavailable.
    """
    store, providers, clock = ports.store, ports.providers, ports.clock
    run, spent = Run(patience=command.patience), None
    for _ in range(TRIES):
        async with _on_record(command.conversation, spent, context, ports):
            if spent is not None:
                await refresh(run, context.tenant, store)
            async with holding(run, context, store=store, clock=clock):
                conversation = await unsent(command.conversation, context.tenant, store=store, clock=clock)
        burst = conversation.pending
        if spent is not None and (burst is None or burst.interaction != spent.interaction):
            # Paid for, though another answer came before it could be said.
            await finished(pay(command.conversation, spent, context, ports))
            run, spent = Run(patience=command.patience), None
            conversation = await unsent(command.conversation, context.tenant, store=store, clock=clock)
            burst = conversation.pending
        if burst is None:
            return None
        async with _on_record(command.conversation, spent, context, ports):
            context = await _because_of(burst, conversation.id, context, store)
            heard = listener if listener is not None and listener.interaction == burst.interaction else None
            if spent is not None and heard is not None:
                await heard.restarted()
            started = time.perf_counter()
            configuration, version = await configuration_of(context.tenant, store=store)
            if not await enabled("full_agent", str(conversation.id), tenant=context.tenant, store=store):
                configuration = configuration.plain()
            questions = tuple(message.text for message in burst.messages)
            pending_documents = (
                await ports.vectors.pending(context.tenant) if configuration.retrieve_documents else 0
            )
            disclosure = configuration.disclosure_in(language_of("\n".join(questions)))
            async with ports.embedder.keeping(context, run.embeddings):
                passages = await retrieve(
                    context,
                    questions,
                    configuration,
                    run.embeddings,
                    embedder=ports.embedder,
                    vectors=ports.vectors,
                )
                history = conversation.earlier
                prompt = await prompt_of(configuration, history, passages, questions)
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
            answer_tokens=configuration.max_answer_tokens,
            temperature=configuration.temperature,
        )
        sending = Sending(conversation, disclosure, heard, context, store, clock)
        try:
            try:
                if spent is not None and _held_up(conversation, burst, clock()):
                    await sending.begin()
                completion = await respond(
                    Asked(
                        interaction=burst.interaction,
                        route=chosen,
                        request=request,
                        markers=len(passages) if configuration.attribution else 0,
                    ),
                    run.begin(),
                    context,
                    ports,
                    configuration_version=version,
                    deliver=sending.deliver if heard else None,
                )
            except Conflict:
                raise
            except BaseException:
                # Whoever gives it is stopped: what it cost until now is on record all the same.
                if run.attempts or run.embeddings or run.reservations:
                    left = Spent(burst.interaction, run.routing(chosen), run)
                    await finished(pay(command.conversation, left, context, ports))
                raise
            record = AnswerRecord(
                burst=burst,
                configuration=configuration,
                disclosure=disclosure,
                configuration_version=version,
                passages=passages,
                pending_documents=pending_documents,
                prompt=prompt,
                chosen=chosen,
                run=run,
                completion=completion,
                started=started,
                context=context,
                ports=ports,
            )
            try:
                if sending.begun:
                    return await finished(record.save_sent(conversation))
                return await finished(record.save(conversation))
            except (asyncio.CancelledError, Erased) as stopped:
                why = stopped if isinstance(stopped, Erased) else stopped.__cause__
                if isinstance(why, Conflict | Erased):  # it is not saved, and does not begin again
                    left = Spent(burst.interaction, run.routing(chosen), run)
                    await finished(pay(command.conversation, left, context, ports))
                raise
        except Conflict:
            if sending.begun:
                raise
            spent = Spent(burst.interaction, run.routing(chosen), run)
    assert spent is not None
    await finished(pay(command.conversation, spent, context, ports))
    raise Conflict("newer messages came again and again while they were answered; it is tried again")


def _held_up(conversation: Conversation, burst: Burst, now: datetime) -> bool:
    """Whether it is time to answer what is there, come what may."""
    return conversation.state.begun is not None or now - burst.since > JOINING


@asynccontextmanager
async def _on_record(id: UUID, spent: Spent | None, context: Context, ports: Ports) -> AsyncIterator[None]:
    """What an earlier try has cost goes on record where the next one ends before it asks a model."""
    try:
        yield
    except BaseException:
        if spent is not None:
            await finished(pay(id, spent, context, ports))
        raise


async def _because_of(burst: Burst, conversation: UUID, context: Context, store: Store) -> Context:
    """An answer belongs to the request that began its interaction, and comes of the latest message that it answers."""
    cause = event_id(conversation, burst.last)
    if context.causation == cause and burst.first == burst.last:
        return context  # of that very request
    correlation = context.correlation
    async for first in store.stream(context.tenant, conversation, after=burst.first - 1, limit=1):
        correlation = first.correlation
    return msgspec.structs.replace(context, correlation=correlation, causation=cause)


async def close_conversation(
    command: CloseConversation, context: Context, *, store: Store, clock: Clock
) -> int:
    """Close; a later message opens it again. Returns the position, 0 when it was closed already."""
    _, saved = await amend(
        Conversation,
        command.conversation,
        lambda conversation: conversation.close(command.reason, clock()),
        context=context,
        store=store,
    )
    return saved.position


async def _message_at(store: Store, tenant: UUID, position: int) -> Recorded:
    """The message that a command, whose first event is at `position`, received: it may have started, or opened, the conversation
    first."""
    first = await store.event(tenant, position)
    async for recorded in store.stream(tenant, first.stream, after=first.version - 1, limit=2):
        if isinstance(recorded.event, Conversation.MessageReceived):
            return recorded
    raise Conflict("this message was taken before, and its conversation was erased since")
