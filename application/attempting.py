"""One call of one model: how it ended, how long it took, what it cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal

import msgspec

from application.ports import Clock, Completer, Counter, ProviderError
from domain.catalogue import Catalogue
from domain.completion import Attempt, Completion, CompletionRequest, Outcome, Usage
from domain.pricing import cost

Deliver = Callable[[str], Awaitable[None]]
"""Takes a piece of the text to whoever waits for it."""


class Attempted(msgspec.Struct, frozen=True, kw_only=True):
    """`completion` is None where the attempt failed. `wait`: seconds for which the provider asked; `again`: whether it said that the same
    call may help."""

    completion: Completion | None
    attempt: Attempt
    wait: float | None = None
    again: bool | None = None


class Attempting:
    """One attempt under way. `cut` tells what it came to when it was cancelled."""

    def __init__(
        self,
        completer: Completer,
        request: CompletionRequest,
        *,
        catalogue: Catalogue,
        counter: Counter,
        clock: Clock,
        deliver: Deliver | None,
    ) -> None:
        self._completer, self._request, self._deliver = completer, request, deliver
        self._catalogue, self._counter = catalogue, counter
        self._started_at: datetime = clock()
        self._started = time.perf_counter()
        self.pieces: list[str] = []
        """What was delivered so far."""

    async def run(self, seconds: float) -> Attempted:
        """Never raises what a provider may do wrong."""
        try:
            async with asyncio.timeout(seconds) as limit:
                completion = await (self._whole() if self._deliver is None else self._streamed(limit))
        except ProviderError as error:
            return Attempted(
                completion=None,
                attempt=self._attempt(error.outcome, error.detail, error.partial),
                wait=error.retry_after,
                again=error.again,
            )
        except TimeoutError:
            text = "no answer within the deadline"
            return Attempted(completion=None, attempt=self._attempt("timeout", text, self._partial()))
        return Attempted(completion=completion, attempt=self._attempt("ok", None, completion))

    def cut(self) -> Attempt:
        """The attempt, when its caller has gone away: the provider bills what it has said by then."""
        return self._attempt("cancelled", "the caller went away", self._partial())

    async def _whole(self) -> Completion:
        return await self._completer.complete(self._request)

    async def _streamed(self, limit: asyncio.Timeout) -> Completion:
        assert self._deliver is not None
        stream = self._completer.stream(self._request)
        try:
            async for piece in stream:
                if isinstance(piece, Completion):
                    return piece
                # It has begun, or shows that it will; from here on the provider's own limits hold.
                limit.reschedule(None)
                if piece:
                    self.pieces.append(piece)
                    await self._deliver(piece)
        finally:
            await stream.aclose()
        raise ProviderError("unavailable", "the stream ended without an end", partial=self._partial())

    def _partial(self) -> Completion | None:
        """What was said so far, with our own count of it. None when nothing came: then nothing is billed, as far as we know."""
        if not self.pieces:
            return None
        model, text = self._request.model, "".join(self.pieces).strip()
        prompt = "\n".join(turn.text for turn in self._request.prompt)
        usage = Usage(
            input=self._counter.count(prompt, model),
            output=self._counter.count(text, model),
            source=self._counter.source(model),
        )
        return Completion(text=text, finish="other", model=model, usage=usage)

    def _attempt(self, outcome: Outcome, error: str | None, completion: Completion | None) -> Attempt:
        provider, model = self._completer.name, self._request.model
        latency = round((time.perf_counter() - self._started) * 1000, 3)
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
