"""One call of one model: how it ended, how long it took, what it cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal

import msgspec

from application.base.in_work import waits_long
from application.gateway.providers import INLINE
from application.ports import Clock, Completer, Counter, ProviderError
from domain.models.answer_check import misfit
from domain.models.attachment_tokens import attached_tokens
from domain.models.catalogue import Catalogue
from domain.models.choices import ChoicePiece, pieces_of
from domain.models.completion import Attempt, Completion, CompletionRequest, Outcome, Usage
from domain.models.pricing import cost
from domain.models.tools import ToolCallPiece

Emit = Callable[[str], Awaitable[None]]
"""Takes a piece of the text to whoever waits for it."""

EmitPiece = Callable[[ToolCallPiece | ChoicePiece], Awaitable[None]]
"""Takes what is no text of the first choice alone to whoever waits for it: a piece of a call of a tool, of another choice, log probabilities."""


class Attempted(msgspec.Struct, frozen=True, kw_only=True):
    """`completion` is None where the attempt failed. `wait`: seconds for which the provider asked; `again`: whether it said that the same
    call may help.

    `uncertain`: USD beyond the attempt's cost that the provider may still bill at most, where it was not heard to its end.
    """

    completion: Completion | None
    attempt: Attempt
    wait: float | None = None
    again: bool | None = None
    uncertain: Decimal = Decimal(0)


class Attempting:
    """One attempt under way. `cut` tells what it came to when it was cancelled. `dearest`: USD that it can cost at most.

    Whatever went out to the provider, and was not answered by an error of its own, costs at least its prompt.
    """

    def __init__(
        self,
        completer: Completer,
        request: CompletionRequest,
        *,
        catalogue: Catalogue,
        counter: Counter,
        clock: Clock,
        emit: Emit | None,
        emit_piece: EmitPiece | None = None,
        dearest: Decimal = Decimal(0),
    ) -> None:
        self._completer, self._request, self._emit = completer, request, emit
        self._emit_piece = emit_piece
        self._catalogue, self._counter, self._dearest = catalogue, counter, dearest
        self._sent, self._ended = False, False
        self._left: Completion | None = None
        self._overdue: asyncio.TimerHandle | None = None
        self._started_at: datetime = clock()
        self._started = time.perf_counter()
        self.pieces: list[str] = []
        """What was delivered so far; of calls of tools what a model writes of them."""

    async def run(
        self,
        seconds: float,
        expected: float | None = None,
        overdue: Callable[[float], None] = lambda latency_ms: None,
    ) -> Attempted:
        """Never raises what a provider may do wrong. `overdue` is called, with the milliseconds so far, where there is no sign of life
        `expected` seconds after its beginning; None: never."""
        if expected is not None and expected < seconds:
            loop = asyncio.get_running_loop()
            self._overdue = loop.call_later(expected, lambda: overdue(self._latency_ms))
        try:
            async with asyncio.timeout(seconds) as limit:
                completion = await (self._whole() if self._emit is None else self._streamed(limit))
        except ProviderError as error:
            return self._failed(error)
        except TimeoutError:
            return self._unheard("timeout", "no answer within the deadline")
        finally:
            self._alive()
        return Attempted(completion=completion, attempt=self._attempt("ok", None, completion))

    def cut(self) -> Attempted:
        """What came of it, when its caller has gone away: the provider bills what it was asked and has said by then."""
        return self._unheard("cancelled", "the caller went away")

    async def _whole(self) -> Completion:
        return self._fitting(await self._completer.complete(self._request, self._goes_out))

    def _fitting(self, completion: Completion) -> Completion:
        """Raises ProviderError for one that has not the form that was asked for; it is paid all the same, and may fit when it is made again."""
        form = self._request.answer_format
        stopped = () if form is None else [each for each in completion.choices if each.finish == "stop"]
        why = next((found for each in stopped if form and (found := misfit(form, each.text))), None)
        if why is None:
            return completion
        error = ProviderError("incomplete", why, partial=completion, ended=True)
        error.again = True
        raise error

    @property
    def _held_back(self) -> bool:
        """Whether nothing is told before the whole was looked at: where the vendor does not hold the model to its form, another answer may be needed."""
        form = self._request.answer_format
        return form is not None and not (form.type == "json_schema" and form.strict)

    async def _streamed(self, limit: asyncio.Timeout) -> Completion:
        assert self._emit is not None
        stream = self._completer.stream(self._request, self._goes_out, self._leaves)
        try:
            async for piece in stream:
                if isinstance(piece, Completion):
                    whole = self._fitting(piece)
                    if self._held_back:
                        await self._emit_whole(whole)
                    return whole
                # It has begun, or shows that it will; from here on the provider's own limits hold.
                limit.reschedule(None)
                self._alive()
                if isinstance(piece, ToolCallPiece | ChoicePiece):
                    call = piece if isinstance(piece, ToolCallPiece) else piece.call
                    said = piece.text if isinstance(piece, ChoicePiece) else ""
                    self.pieces.append(said if call is None else f"{said}{call.name or ''}{call.arguments}")
                    if self._emit_piece is not None and (call is not None or not self._held_back):
                        await self._emit_piece(piece)
                elif piece:
                    self.pieces.append(piece)
                    if not self._held_back:
                        await self._emit(piece)
        finally:
            await stream.aclose()
        raise ProviderError("unavailable", "the stream ended without an end")

    async def _emit_whole(self, whole: Completion) -> None:
        """What was held back: the texts. Calls have been told as they came."""
        assert self._emit is not None
        for piece in pieces_of(whole.choices):
            if isinstance(piece, str) and piece:
                await self._emit(piece)
            elif isinstance(piece, ChoicePiece) and piece.call is None and self._emit_piece is not None:
                await self._emit_piece(piece)

    def _alive(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()

    @property
    def _latency_ms(self) -> float:
        return round((time.perf_counter() - self._started) * 1000, 3)

    def _goes_out(self) -> None:
        self._sent = True
        waits_long()

    def _leaves(self, partial: Completion | None, ended: bool) -> None:
        self._left, self._ended = partial, ended

    def _unheard(self, outcome: Outcome, detail: str) -> Attempted:
        """Nobody waits for the rest."""
        return self._failed(ProviderError(outcome, detail, partial=self._left, ended=self._ended))

    def _failed(self, error: ProviderError) -> Attempted:
        billed = self._billed(error.partial, error.definite)
        attempt = self._attempt(error.outcome, error.detail, billed)
        # What a provider has counted before the end is no more than a part of it.
        counted = error.ended and billed is not None and billed.usage.source == "provider"
        certain = billed is None or error.definite or counted
        return Attempted(
            completion=None,
            attempt=attempt,
            wait=error.retry_after,
            again=error.again,
            uncertain=Decimal(0) if certain else max(Decimal(0), self._dearest - attempt.cost),
        )

    def _billed(self, told: Completion | None = None, definite: bool = False) -> Completion | None:
        """What a failed attempt is billed for: as the provider's adapter has `told`, else the prompt and what came, by our own count.
        None where it was not sent, or the provider has refused it."""
        if told is not None or (not self.pieces and (definite or not self._sent)):
            return told
        model, text = self._request.model, "".join(self.pieces).strip()
        prompt = self._request.read
        # Nothing may be waited for here, and counting the longest prompts takes a second: they are estimated.
        counted = None if len(prompt) + len(text) > INLINE else model
        usage = Usage(
            input=self._counter.count(prompt, counted) + attached_tokens(self._request),
            output=self._counter.count(text, counted),
            source=self._counter.source(counted),
        )
        return Completion(text=text, finish="other", model=model, usage=usage)

    def _attempt(self, outcome: Outcome, error: str | None, completion: Completion | None) -> Attempt:
        provider, model = self._completer.name, self._request.model
        latency = self._latency_ms
        if completion is None:
            return Attempt(
                provider=provider,
                model=model,
                outcome=outcome,
                error=error,
                started_at=self._started_at,
                latency_ms=latency,
            )
        price = self._catalogue.charged(provider, model, completion.model, self._started_at)
        return Attempt(
            provider=provider,
            model=model,
            served=completion.model,
            outcome=outcome,
            error=error,
            started_at=self._started_at,
            latency_ms=latency,
            usage=completion.usage,
            raw_usage=completion.raw_usage,
            request_id=completion.request_id,
            cost=cost(completion.usage, price) if price else Decimal(0),
            price=price.id if price else None,
        )
