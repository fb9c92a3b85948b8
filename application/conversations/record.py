"""An answer to a customer as it is put on record, with what it cost."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.conversations.delivery import ANSWER_WORK
from application.gateway.route import Route
from application.gateway.run import Run
from application.ports import Owed, Settled, Unavailable
from domain.agents.agent import AgentConfiguration
from domain.answers.citing import cited, confidence_of, told
from domain.answers.prompts import ANSWER, OUT_OF_BUDGET
from domain.base.context import Context
from domain.base.errors import Conflict, Erased
from domain.conversations.conversation import Burst, Conversation, Message
from domain.conversations.orphan import Orphan
from domain.gateway.decision import Routing
from domain.models.completion import Completion, Passage, Turn
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


@dataclass(frozen=True, kw_only=True)
class AnswerRecord:
    """All that is known of an answer to `burst`. Its events are made at its end: the log refuses what is older than some seconds."""

    burst: Burst
    configuration: AgentConfiguration
    disclosure: str
    """What is said with the first answer."""

    configuration_version: int
    passages: tuple[Passage, ...]
    pending_documents: int
    prompt: tuple[Turn, ...]
    chosen: Route
    run: Run
    completion: Completion | None
    """None: no model gave one, or the budget did not allow it."""

    started: float
    """By time.perf_counter()."""

    context: Context
    ports: Ports

    async def save(self, conversation: Conversation, *, sent: bool = False) -> AnswerGiven:
        """Raises Conflict where the conversation has moved on, Unavailable where there is no answer, which is on record then.

        `sent`: the customer has begun to get it.
        """
        at = self.ports.clock()
        conversation.ask(retrieved=ranked(self.passages, self.prompt), prompt=self.prompt, at=at)
        metered = conversation.meter(
            self.burst.interaction,
            routing=self.run.routing(self.chosen),
            attempts=self.run.attempts,
            reservations=self.run.reserved,
            embeddings=self.run.embeddings,
            at=at,
        )
        disclosure = self._answer(conversation, at)
        last = conversation.pending_events[-1]
        key = conversation.id.hex
        work: list[Owed | Settled] = []
        if isinstance(last, Conversation.AnswerFailed):
            if sent:  # the row was put off for the time of sending
                work = [Owed(kind=ANSWER_WORK, key=key, due_at=at)]
        elif conversation.pending is None:
            work = [Settled(kind=ANSWER_WORK, key=key)]
        saved = await settled_save(
            conversation,
            self.run.calls,
            self.run,
            self.burst.interaction,
            self.context,
            self.ports,
            work=work,
        )
        if not isinstance(last, Conversation.Answered):
            raise Unavailable(f"there is no answer yet, it is tried again: {self.run.failure()}")
        return AnswerGiven(
            conversation=conversation.id,
            messages=self.burst.messages,
            received_at=self.burst.since,
            disclosure=disclosure,
            metered=metered,
            event=last,
            position=saved.position,
            more=conversation.pending is not None,
        )

    async def save_sent(self, conversation: Conversation) -> AnswerGiven | None:
        """Say what the customer got piece by piece: newer messages don't change it. None where another one has answered since, or it was
        erased.
        """
        for race in range(RACES):
            try:
                return await self.save(conversation, sent=True)
            except Conflict:
                if race == RACES - 1:
                    raise
            await refresh(self.run, self.context.tenant, self.ports.store)
            left: Burst | None = None
            with suppress(Erased):
                conversation = await self.ports.store.load(
                    Conversation, conversation.id, tenant=self.context.tenant
                )
                left = conversation.pending
            if left is None or left.interaction != self.burst.interaction:
                routing = self.run.routing(self.chosen)
                spent = Spent(self.burst.interaction, routing, self.run)
                await pay(conversation.id, spent, self.context, self.ports)
                return None
        raise AssertionError("unreachable")

    def _answer(self, conversation: Conversation, at: datetime) -> str | None:
        """What becomes of the completion; the disclosure that comes with it."""
        latency_ms = round((time.perf_counter() - self.started) * 1000, 3)
        if self.completion is None and not self.run.out_of_budget:
            conversation.fail(reason=self.run.failure(), at=at)
            return None
        conversation.disclose(self.disclosure, at)
        assert conversation.pending is not None
        disclosure = conversation.pending.disclosure
        if self.completion is None:
            conversation.answer(
                text=self.configuration.out_of_budget,
                citations=(),
                template=OUT_OF_BUDGET,
                confidence=0.0,
                handoff="budget",
                configuration_version=self.configuration_version,
                latency_ms=latency_ms,
                at=at,
            )
            return disclosure
        text, citations = cited(self.completion.text, self.passages)
        conversation.answer(
            text=text if self.configuration.attribution else told(self.completion.text, 0),
            citations=citations,
            template=ANSWER,
            confidence=confidence_of(self.completion, self.passages),
            configuration_version=self.configuration_version,
            pending_documents=self.pending_documents,
            cached=self.run.attempts[-1].cached,
            latency_ms=latency_ms,
            at=at,
        )
        return disclosure


@dataclass(frozen=True)
class Spent:
    """What was tried for an interaction and led to no answer of ours."""

    interaction: UUID
    routing: Routing
    run: Run


async def pay(id: UUID, spent: Spent, context: Context, ports: Ports) -> None:
    """Put on record what was spent on an answer that somebody else has given first, or whose conversation was erased meanwhile."""
    for race in range(RACES):
        record = await _metered(id, spent, context, ports)
        try:
            await settled_save(record, spent.run.calls, spent.run, spent.interaction, context, ports)
        except (Conflict, Erased):
            if race == RACES - 1:
                raise
            await refresh(spent.run, context.tenant, ports.store)
        else:
            return


async def _metered(id: UUID, spent: Spent, context: Context, ports: Ports) -> Conversation | Orphan:
    """In the conversation; by itself where that was erased, as nothing may follow an erasure."""
    run, at, conversation = spent.run, ports.clock(), None
    with suppress(Erased):
        conversation = await ports.store.load(Conversation, id, tenant=context.tenant)
    if conversation is None or conversation.state.forgotten:
        return Orphan.meter(ports.ids(), spent.interaction, run.attempts, run.reserved, run.embeddings, at)
    conversation.meter(
        spent.interaction,
        routing=spent.routing,
        attempts=run.attempts,
        reservations=run.reserved,
        embeddings=run.embeddings,
        at=at,
    )
    return conversation
