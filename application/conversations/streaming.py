"""Streaming: an answer on its way to the customer while it is made.

Before the first piece goes out the log says that the answer has begun. A newer message that was there first makes that a lost race:
then nothing was sent, and the answer begins again. One that comes after it belongs to the next burst. So it is with an answer that
newer messages have held up for long enough, before a model is asked.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from application.answers.ports import Ports
from application.base.in_work import waits_long
from application.budgets.hold import refresh
from application.conversations.owing import ANSWER_WORK
from application.gateway.attempt import Emit
from application.gateway.lease import holding
from application.gateway.run import Run
from application.ports import Due
from domain.answers.citing import with_disclosure
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from domain.conversations.state import LONGEST_ANSWER

LOOK = 1.0
"""Seconds after which it is looked, though nothing was heard, whether it is sent."""

CLAIMED = 1.0
"""Seconds between looks whether a person has come while it is sent."""


class TakenOver(Exception):
    """A person has the conversation now, and the customer has got some of the agent's answer: it ends there."""


@dataclass(frozen=True)
class Subscriber:
    """Hears the answer of `interaction`. `restarted` tells that it is made once more, before any piece, with the newer messages."""

    interaction: UUID
    emit: Emit
    restarted: Callable[[], Awaitable[None]]


@dataclass
class Streaming:
    """Of one answer. `subscriber` hears its pieces, if anybody does."""

    conversation: Conversation
    disclosure: str
    subscriber: Subscriber | None
    context: Context
    ports: Ports
    opening: str = ""
    """Said before the first piece."""

    written: Callable[[str], str] = str
    """How a piece is shown. What stays on record is the piece as it was."""

    begun: bool = False
    _untold: str | None = field(default=None, init=False)
    _looked: float = field(default=0.0, init=False)
    got: list[str] = field(default_factory=list, init=False)
    """The pieces that the customer has got."""

    async def emit(self, piece: str) -> None:
        """Raises Conflict at the first piece where the conversation has moved on, TakenOver where a person has come since."""
        assert self.subscriber is not None
        if not self.begun:
            await self.begin()
        await self._check()
        if self._untold is not None:
            untold, self._untold = self._untold, None
            await self.subscriber.emit(with_disclosure(untold, ""))
        if self.opening:
            piece, self.opening = f"{self.opening}{piece}", ""
        await self.subscriber.emit(self.written(piece))
        self.got.append(piece)

    async def begin(self) -> None:
        """From now on newer messages are the next burst's. Raises Conflict where the conversation has moved on."""
        conversation, at = self.conversation, self.ports.clock()
        told = conversation.state.disclosed
        conversation.disclose(self.disclosure, at)
        conversation.begin_answer(at, heard=self.subscriber is not None)
        # Nobody could take over sooner.
        owed = Due(kind=ANSWER_WORK, key=conversation.id.hex, due_at=at + LONGEST_ANSWER)
        await self.ports.store.save(conversation, context=self.context, work=[owed])
        self.begun, self._looked = True, time.monotonic()
        self._untold = None if told else self.disclosure

    async def _check(self) -> None:
        now = time.monotonic()
        if now - self._looked < CLAIMED:
            return
        self._looked = now
        conversation = self.conversation
        newer = self.ports.store.stream(self.context.tenant, conversation.id, after=conversation.version)
        async for recorded in newer:
            if isinstance(recorded.event, Conversation.Claimed):
                raise TakenOver


async def wait_until_idle(id: UUID, run: Run, context: Context, ports: Ports) -> Conversation:
    """The conversation, as soon as nobody is sending an answer to it. With the messages that are just being saved here, so that one
    answer is made for all of them. What `run` holds of the budget meanwhile is as it is by now, and stays so.
    """
    if run.reservations:
        await refresh(run, context.tenant, ports.store)
    async with holding(run, context, store=ports.store, clock=ports.clock):
        while True:
            found = await ports.store.load(Conversation, id, tenant=context.tenant, after_changes=True)
            since = found.state.begun_at
            if since is None or ports.clock() - since > LONGEST_ANSWER:
                return found
            waits_long()
            await ports.store.news(context.tenant, LOOK)
