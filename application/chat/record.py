"""A call of the completions API as it is put on record: once, when it has ended, in whatever way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.base.tasks import finished
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.chat.end_user import id_of_user, one_more_call, was_forgotten
from application.gateway.route import Route
from application.gateway.run import Run
from domain.answers.prompts import ANSWER
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, LimitReached
from domain.chat.call import Call
from domain.models.completion import Citation, Completion, Finish, Passage, Turn, Usage
from domain.retrieval.passages import ranked

RACES = 5
"""How often it is saved again after a lost race."""


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """`model`: agent, auto, provider/model, or a model's name alone. `user`: whom the app asks for, by its own name for them.

    `fresh`: an answer is wanted that was not given before.
    """

    id: UUID
    model: str
    messages: tuple[Turn, ...]
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    options: dict[str, float | int | str] = {}
    stream: bool = False
    user: str | None = None
    fresh: bool = False


class ChatGiven(msgspec.Struct, frozen=True, kw_only=True):
    """The last of the attempts in `metered` is the one that answered. `disclosure` is said with it; `content` is what is sent.

    `usage`: of the answer, when it was made.
    """

    call: UUID
    text: str
    content: str
    finish: Finish
    citations: tuple[Citation, ...]
    usage: Usage
    metered: Call.Metered
    position: int
    disclosure: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """All that is known of a call. Its events are made at its end: the log refuses what is older than some seconds."""

    command: Chat
    max_tokens: int | None
    prompt: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    configuration_version: int
    run: Run
    chosen: Route
    context: Context
    ports: Ports
    disclosure: str | None
    before_text: bool
    """Whether the disclosure stands before the answer's text, and not beside it alone."""

    started: float
    """By time.perf_counter()."""

    async def answered(self, text: str, completion: Completion, citations: tuple[Citation, ...]) -> ChatGiven:
        def answer(call: Call) -> None:
            call.answer(
                text=text,
                finish=completion.finish,
                citations=citations,
                cached=self.run.attempts[-1].cached,
                latency_ms=self._latency(),
                disclosure=self.disclosure,
                at=self.ports.clock(),
            )

        metered, position = await finished(self._saved(answer))
        return ChatGiven(
            call=self.command.id,
            text=text,
            content=f"{self.disclosure}\n\n{text}" if self.before_text else text,
            disclosure=self.disclosure,
            finish=completion.finish,
            citations=citations,
            usage=completion.usage,
            metered=metered,
            position=position,
        )

    async def without(self, reason: str) -> None:
        """There is no whole answer."""

        def end(call: Call) -> None:
            said = "".join(self.run.said)
            call.end(reason=reason, text=said, latency_ms=self._latency(), at=self.ports.clock())

        await finished(self._saved(end))

    async def _saved(self, end: Callable[[Call], None]) -> tuple[Call.Metered, int]:
        """Under the key of the user, where the app names one; who was forgotten and comes back begins anew."""
        if not self.command.user:
            return await self._save(end, None)
        tenant = self.context.tenant
        for generation in count():
            user = await id_of_user(tenant, self.command.user, generation, keyring=self.ports.keyring)
            try:
                return await self._save(end, user)
            except (LimitReached, Erased):
                if not await was_forgotten(user, tenant, store=self.ports.store):
                    raise
        raise AssertionError("unreachable")

    def _begun(self, user: UUID | None) -> tuple[Call, Call.Metered]:
        command, at = self.command, self.ports.clock()
        call = Call.request(
            command.id,
            model=command.model,
            messages=command.messages,
            max_tokens=self.max_tokens,
            temperature=command.temperature,
            stop=command.stop,
            options=command.options,
            stream=command.stream,
            user=command.user,
            user_id=user,
            at=at,
        )
        if self.prompt is not command.messages:
            call.prompt(
                retrieved=ranked(self.passages, self.prompt),
                prompt=self.prompt,
                template=ANSWER,
                configuration_version=self.configuration_version,
                at=at,
            )
        return call, call.meter(
            routing=self.run.routing(self.chosen),
            attempts=self.run.attempts,
            reservations=self.run.reserved,
            embeddings=self.run.embeddings,
            at=at,
        )

    def _latency(self) -> float:
        return round((time.perf_counter() - self.started) * 1000, 3)

    async def _save(self, end: Callable[[Call], None], user: UUID | None) -> tuple[Call.Metered, int]:
        """With what it cost. Only a reservation can have moved on meanwhile: nobody else knows this call."""
        call, metered = self._begun(user)
        end(call)
        events = list(call.pending_events)
        users = () if user is None else (one_more_call(user),)
        for race in range(RACES):
            try:
                saved = await settled_save(
                    call, self.run.calls, self.run, call.id, self.context, self.ports, tallies=users
                )
            except Conflict:
                if race == RACES - 1:
                    raise
                await refresh(self.run, self.context.tenant, self.ports.store)
                call.pending_events[:] = events
            else:
                return metered, saved.position
        raise AssertionError("unreachable")
