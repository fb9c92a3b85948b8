"""One completion out of several models: in order, the fit and healthy ones, within the budget, each attempt on record.

The caller saves what a `Run` has gathered together with what it makes of the answer (`settled_save`): then nothing is paid and not on
record.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from application.base.steps import step
from application.budgets.reserve import reserve
from application.gateway.attempt import Attempted, Attempting, Emit, EmitPiece
from application.gateway.candidates import Candidate, Candidates
from application.gateway.lease import holding
from application.gateway.ports import Ports
from application.gateway.quote import quote
from application.gateway.run import Asked, Run
from application.ports import Place
from domain.answers.leaks import Watching
from domain.answers.telling import Telling, told
from domain.base.context import Context
from domain.budgets.budget import BudgetRefusal
from domain.models.choices import ChoicePiece
from domain.models.completion import Completion, Outcome
from domain.models.tools import ToolCallPiece, signed_calls, signed_piece

DEADLINE = 60.0
"""Seconds for all attempts together."""

ATTEMPT = 30.0
"""Seconds for one attempt, or for the first piece of its stream."""

FAIR = 10.0
"""Seconds that an attempt must have had, so that no answer in them tells something of the model."""

RETRIES = 2
"""Further tries of the last model that is left, where another try can help. While there is another model, that one is asked at once."""

LONGEST_WAIT = 8.0
RETRIABLE: frozenset[Outcome] = frozenset({"rate_limited", "timeout", "unavailable"})


@step("complete")
async def complete(
    asked: Asked,
    run: Run,
    context: Context,
    ports: Ports,
    emit: Emit | None = None,
    emit_piece: EmitPiece | None = None,
) -> Completion | None:
    """The first model's answer that comes; None when none does, or the budget forbids it: `run` says why.

    `emit` takes the text piece by piece as it comes, `emit_piece` calls of tools beside it; without `emit` the answer is asked for whole.
    """
    run.deadline = min(run.deadline, time.monotonic() + DEADLINE)
    candidates = Candidates(asked, run, context.tenant, ports)
    async with holding(run, context, store=ports.store, clock=ports.clock):
        return await _Completing(asked, run, context, ports, emit, emit_piece).first(candidates)


@dataclass
class _Completing:
    asked: Asked
    run: Run
    context: Context
    ports: Ports
    emit: Emit | None
    emit_piece: EmitPiece | None

    async def first(self, candidates: Candidates) -> Completion | None:
        async for candidate in candidates:
            place = candidate.place
            if candidate.tries:  # it is no probe, which a caller that goes away here would leave behind
                await asyncio.sleep(max(0.0, candidate.not_before - time.monotonic()))
            for retry in range(candidate.tries, RETRIES + 1):
                try:
                    dearest = await self._dearest(candidate)
                    await self._afford(place, dearest)
                except BaseException as error:
                    if retry == 0:
                        await self.ports.providers.health.record(place, "cancelled", 0.0)
                    if not isinstance(error, BudgetRefusal):
                        raise
                    self.run.refusal = error
                    break
                # The last resort needs no network; it may come after the deadline.
                left = ATTEMPT if candidate.last else min(ATTEMPT, self.run.deadline - time.monotonic())
                if left <= 0:
                    await self.ports.providers.health.record(place, "cancelled", 0.0)
                    break
                attempted = await self._attempt(candidate, left, dearest)
                candidates.again = None
                if attempted.completion is not None or self.run.begun:
                    return attempted.completion
                pause = attempted.wait
                if pause is None:
                    pause = random.uniform(0.5, 1) * min(0.5 * 2**retry, LONGEST_WAIT)
                late = time.monotonic() + pause > self.run.deadline
                if not _may_help(attempted) or late or retry == RETRIES:
                    break
                if candidate.others:
                    not_before = time.monotonic() + pause
                    candidates.again = replace(candidate, tries=retry + 1, not_before=not_before)
                    break
                await asyncio.sleep(pause)
        return None

    async def _attempt(self, candidate: Candidate, seconds: float, dearest: Decimal) -> Attempted:
        health, place = self.ports.providers.health, candidate.place
        telling, watched = Telling(self.asked.sources), self.asked.watched
        told_beside = _Beside(self)
        watching = None if watched is None or self.emit is None else Watching(watched)

        async def emit(piece: str) -> None:
            text = telling.take(piece)
            await self._tell(text if watching is None else watching.take(text))

        attempting = Attempting(
            candidate.completer,
            candidate.request,
            catalogue=self.asked.catalogue,
            counter=self.ports.providers.counter,
            clock=self.ports.clock,
            emit=emit if self.emit is not None else None,
            emit_piece=told_beside.take if self.emit_piece is not None else None,
            dearest=dearest,
        )
        reported: list[asyncio.Task[None]] = []

        def overdue(latency_ms: float) -> None:
            """Others need not wait for its end to hear that it hangs."""
            reported.append(asyncio.create_task(health.record(place, "timeout", latency_ms)))

        try:
            attempted = await attempting.run(seconds, health.overdue(place), overdue)
        except BaseException:  # the caller has gone: what was said until now is paid for all the same
            self.run.add(cut := attempting.cut())
            self.ports.providers.called(cut.attempt, candidate.request)
            await asyncio.shield(health.record(place, "cancelled", cut.attempt.latency_ms))
            raise
        # To the agent, which makes its calls itself, signatures are at hand.
        if attempted.completion is not None and attempted.completion.calls and not self.asked.last_resort:
            named = signed_calls(attempted.completion.calls, self.asked.interaction)
            whole = msgspec.structs.replace(attempted.completion, calls=named)
            attempted = msgspec.structs.replace(attempted, completion=whole)
        attempt = attempted.attempt
        self.run.add(attempted)
        self.ports.providers.called(attempt, candidate.request, attempted.completion)
        outcome = attempt.outcome
        if outcome != "timeout" or not reported:
            unfair = outcome == "timeout" and seconds < FAIR
            await health.record(place, "cancelled" if unfair else outcome, attempt.latency_ms, attempted.wait)
        if attempted.completion is not None:
            left = telling.end()
            if watching is not None:
                left = watching.take(left) + watching.end()
                self.run.leak = watching.leak
            if watched is not None:
                text = told(attempted.completion.text, self.asked.sources)
                self.run.leak = watched.leak_in(text) or self.run.leak
            if self.run.leak is None:
                await self._tell(left)
        return attempted

    async def _tell(self, text: str) -> None:
        if text and self.emit is not None:
            self.run.said.append(text)
            await self.emit(text)

    async def call(self, piece: ToolCallPiece) -> None:
        """Tell a piece of a call of the first choice."""
        assert self.emit_piece is not None
        if not self.asked.last_resort:
            piece = signed_piece(piece, self.asked.interaction)
        self.run.called.append(piece)
        await self.emit_piece(piece)

    async def choose(self, piece: ChoicePiece) -> None:
        """Tell a piece of another choice, or one with log probabilities."""
        assert self.emit_piece is not None
        if not piece.choice and piece.text:
            self.run.said.append(piece.text)
        self.run.chosen.append(piece)
        await self.emit_piece(piece)

    async def _dearest(self, candidate: Candidate) -> Decimal:
        """USD that an attempt can cost at most."""
        place, request = candidate.place, candidate.request
        price = self.asked.catalogue.price(place.provider, place.model, self.ports.clock())
        if price is None:
            return Decimal(0)
        return await quote(request, price, self.asked.catalogue.get(place.id), self.context, self.ports)

    async def _afford(self, place: Place, dearest: Decimal) -> None:
        """Reserve what another attempt may cost at most, beyond what is reserved already. Raises BudgetRefusal."""
        run, pool, began = self.run, self.ports.reservation_pool, time.monotonic()
        missing = run.needs(dearest)
        if not dearest or missing <= 0:
            return
        if pool is not None and self.ports.budget_queue.free(self.context.tenant):
            # An extension that is being saved knows nothing of it, and would lose it.
            async with run.lock:
                if (spare := await pool.take(missing, self.context)) is not None:
                    run.reservations.append(spare)
                    return
        try:
            await reserve(
                missing,
                self.asked.interaction,
                place.id,
                self.context,
                self.ports,
                patience=run.patience,
                hold=run,
            )
        finally:
            waited = time.monotonic() - began
            run.deadline += waited
            run.patience = max(0.0, run.patience - waited)


class _Beside:
    """What is told beside the text of the first choice, in one attempt. Only models that the app asks itself have further choices: their markers are none of
    ours, and stay."""

    def __init__(self, completing: _Completing) -> None:
        self._completing = completing
        self._tellings = defaultdict[int, Telling](lambda: Telling(None))

    async def take(self, piece: ToolCallPiece | ChoicePiece) -> None:
        if isinstance(piece, ToolCallPiece):
            return await self._completing.call(piece)
        text = self._tellings[piece.choice].take(piece.text) if piece.text else ""
        if text or piece.logprobs or piece.call is not None:
            await self._completing.choose(msgspec.structs.replace(piece, text=text))
        return None


def _may_help(attempted: Attempted) -> bool:
    """Whether the same call again may come to more: as the provider says, else by how it failed."""
    return attempted.attempt.outcome in RETRIABLE if attempted.again is None else attempted.again
