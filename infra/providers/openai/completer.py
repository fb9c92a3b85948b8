"""OpenAI, and every server that speaks its chat-completions API (Together, vLLM, Ollama, llama.cpp …), on the vendor's SDK.

What comes is read with msgspec instead of the SDK's models, which check nothing and take ten times as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any
from uuid import UUID

import httpx2

from application.ports import Counter, Leave, Piece, ProviderError
from domain.models.choices import pieces_of
from domain.models.completion import Completion, CompletionRequest
from infra.outgoing.client import Outgoing
from infra.providers.incoming import Incoming, unheard
from infra.providers.openai.asking import format_of, message_of, tools_of
from infra.providers.openai.faults import faults
from infra.providers.openai.reading import take, take_event
from infra.providers.openai.requests import Requests
from infra.providers.streaming import END, events

USUAL = frozenset(
    {"top_p", "seed", "presence_penalty", "frequency_penalty", "user", "reasoning_effort", "logit_bias"}
)
"""Of a request's options those that are passed on to whoever speaks this API."""

OPTIONS = USUAL | {
    "verbosity",
    "store",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
}
"""The same with those that OpenAI has; a server that nobody knows may have them too."""

SAMPLING = frozenset({"top_p", "presence_penalty", "frequency_penalty"})
"""Those that models which think first reject, as they do temperature."""

THINKING = frozenset({"reasoning_effort"})
"""Those that only such models know."""

ONLY_UNTHINKING = (
    "reasoning_effort: this model calls tools only with `none`; leave it out, or ask another model"
)


class OpenAICompleter:
    """`name` is the provider's in configurations and prices; `abilities` tells those of a model, for a request that
    does not.

    `seconds`: how long an answer may take, or the next piece of a stream. `likely_only`: `logprobs` is the number of likely tokens there, and no other
    field says it.
    """

    def __init__(
        self,
        *,
        name: str,
        key: str | None,
        base_url: str,
        http: Outgoing,
        counter: Counter,
        abilities: Callable[[str], frozenset[str]],
        owner: UUID | None = None,
        seconds: float = 30.0,
        options: frozenset[str] = OPTIONS,
        likely_only: bool = False,
    ) -> None:
        self.name, self.owner, self.options = name, owner, options
        self._counter, self._abilities, self._seconds = counter, abilities, seconds
        self._google, self._likely_only = "googleapis.com" in base_url, likely_only
        self._requests = Requests("/chat/completions", key=key, base_url=base_url, http=http, owner=owner)

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        incoming = Incoming(request, self._counter)
        try:
            with faults(self._seconds):
                async with asyncio.timeout(self._seconds):
                    response = await self._send(request, sent, stream=False)
                take(response.content, incoming)
        except ProviderError as error:
            raise incoming.broken(error) from None
        return incoming.completion()

    async def stream(
        self, request: CompletionRequest, sent: Callable[[], None] = unheard, left: Leave = unheard
    ) -> AsyncGenerator[Piece | Completion, None]:
        if "stream" not in self._abilities_of(request):
            whole = await self.complete(request, sent)
            try:
                for each in pieces_of(whole.choices):
                    yield each
            except GeneratorExit:
                left(whole, True)
                raise
            yield whole
            return
        incoming, over, begun = Incoming(request, self._counter), False, False
        stream = events(lambda: self._send(request, sent, stream=True), seconds=self._seconds)
        try:
            with faults(self._seconds):
                async for event in stream:
                    if event is not None and event.data == END:
                        over = True
                        continue
                    text = "" if event is None else take_event(event, incoming)
                    if text or not begun:
                        begun = True
                        yield text
                    for piece in incoming.taken():
                        yield piece
            if not over and not incoming.ended:
                raise ProviderError("unavailable", "the stream was cut")
        except ProviderError as error:
            raise incoming.broken(error) from None
        except (asyncio.CancelledError, GeneratorExit):
            left(incoming.partial, incoming.ended)
            raise
        finally:
            await stream.aclose()
        yield incoming.completion()

    async def _send(
        self, request: CompletionRequest, sent: Callable[[], None], *, stream: bool
    ) -> httpx2.Response:
        """The response; with `stream` before its body. Raises ProviderError, httpx2.HTTPError."""
        return await self._requests.send(self._parameters(request, stream), sent, stream=stream)

    def _abilities_of(self, request: CompletionRequest) -> frozenset[str]:
        return self._abilities(request.model) if request.abilities is None else request.abilities

    def _parameters(self, request: CompletionRequest, stream: bool) -> dict[str, Any]:
        abilities = self._abilities_of(request)
        thinks, system = "reasoning" in abilities, "system" if "system" in abilities else "user"
        options = self.options - (SAMPLING if thinks else THINKING)
        parameters: dict[str, Any] = {
            "model": request.model,
            "messages": [
                message_of(turn, system, request.contents, google=self._google) for turn in request.prompt
            ],
            **{name: value for name, value in request.options.items() if name in options},
        }
        if request.tools:
            parameters |= tools_of(request)
            if (
                "unthinking_tools" in abilities
                and parameters.setdefault("reasoning_effort", "none") != "none"
            ):
                raise ProviderError("bad_request", ONLY_UNTHINKING, definite=True)
        if request.answer_format is not None:
            parameters["response_format"] = format_of(request.answer_format)
        if (limit := request.limit(abilities)) is not None:
            parameters["max_completion_tokens" if thinks else "max_tokens"] = limit
        if request.temperature is not None and not thinks:
            parameters["temperature"] = request.temperature
        parameters |= self._of_choices(request)
        if stop := [text for text in request.stop if text]:  # llama.cpp stops at once at an empty one
            parameters["stop"] = stop
        if stream:
            parameters |= {"stream": True, "stream_options": {"include_usage": True}}
        return parameters

    def _of_choices(self, request: CompletionRequest) -> dict[str, Any]:
        """How many answers, and which log probabilities. Nothing is said of one answer without any."""
        said: dict[str, Any] = {"n": request.choices} if request.choices > 1 else {}
        if request.logprobs is None:
            return said
        if self._likely_only:
            return said | {"logprobs": max(1, request.logprobs)}
        return said | {"logprobs": True} | ({"top_logprobs": request.logprobs} if request.logprobs else {})
