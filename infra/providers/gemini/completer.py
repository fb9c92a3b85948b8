"""Gemini on Google's SDK (google-genai), with a key of the Gemini API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast
from uuid import UUID

import httpx2
from google import genai
from google.genai import types

from application.ports import Counter, Leave, Piece, ProviderError
from domain.models.choices import pieces_of
from domain.models.completion import Completion, CompletionRequest
from infra.outgoing.client import Outgoing, taking, telling
from infra.providers.gemini.forms import faults, tier_of, turns_of
from infra.providers.gemini.reading import take, take_event
from infra.providers.gemini.tools import form_of, tools_of
from infra.providers.incoming import Incoming, unheard
from infra.providers.streaming import events

OPTIONS = frozenset({"top_p", "seed"})
"""Of a request's options those that are passed on."""


MOST_CANDIDATES = 8
"""Of a request, which is no stream (cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference, `candidateCount`)."""

TOO_MANY = f"n: Gemini gives at most {MOST_CANDIDATES} choices; ask for fewer, or another model"


class GeminiCompleter:
    """`abilities` tells those of a model, for a request that does not. `seconds`: how long an answer may take, or the next piece of
    a stream."""

    def __init__(
        self,
        *,
        name: str,
        key: str,
        base_url: str,
        http: Outgoing,
        counter: Counter,
        abilities: Callable[[str], frozenset[str]],
        owner: UUID | None = None,
        seconds: float = 30.0,
    ) -> None:
        self.name, self.owner, self.options = name, owner, OPTIONS
        self._counter, self._abilities, self._seconds = counter, abilities, seconds
        self._models = self._made(key, base_url, http)

    def _made(self, key: str, base_url: str, http: Outgoing) -> Any:
        """What the SDK has of models."""
        options = types.HttpOptions(
            base_url=base_url,
            api_version="v1beta",
            timeout=None,  # it would tell the server, for a whole stream too; we wait as long as we want to
            httpx_async_client=http,
            httpx_client=unused_client(),
        )
        # What it would take from the environment, as another vendor's mode, is all said here.
        return genai.Client(api_key=key, vertexai=False, http_options=options).aio.models

    async def _models_for(self, model: str) -> Any:
        """Raises ProviderError, httpx2.HTTPError."""
        return self._models

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        if request.choices > MOST_CANDIDATES:
            raise ProviderError("bad_request", TOO_MANY, definite=True)
        incoming = Incoming(request, self._counter)
        system, contents = self._turns_of(request)
        try:
            with faults(self._seconds):
                async with asyncio.timeout(self._seconds):
                    models = await self._models_for(request.model)
                    with telling(sent):
                        response = await models.generate_content(
                            model=request.model,
                            contents=contents,
                            config=self._config(request, system, raw=True),
                        )
                came = response.sdk_http_response
                incoming.tier = tier_of(came.headers if came else None)
                take(came.body or "" if came else "", incoming)
        except ProviderError as error:
            raise incoming.broken(error) from None
        return incoming.completion()

    async def stream(
        self, request: CompletionRequest, sent: Callable[[], None] = unheard, left: Leave = unheard
    ) -> AsyncGenerator[Piece | Completion, None]:
        if request.choices > 1:  # streams have one candidate
            whole = await self.complete(request, sent)
            try:
                for piece in pieces_of(whole.choices):
                    yield piece
            except GeneratorExit:
                left(whole, True)
                raise
            yield whole
            return
        incoming, begun = Incoming(request, self._counter), False

        async def opened() -> httpx2.Response:
            response = await self._open(request, sent)
            incoming.tier = tier_of(response.headers)
            return response

        stream = events(opened, seconds=self._seconds)
        try:
            with faults(self._seconds):
                async for event in stream:
                    text = "" if event is None else take_event(event, incoming)
                    if text or not begun:
                        begun = True
                        yield text
                    for piece in incoming.taken():
                        yield piece
            if not incoming.ended:
                raise ProviderError("unavailable", "the stream was cut")
        except ProviderError as error:
            raise incoming.broken(error) from None
        except (asyncio.CancelledError, GeneratorExit):
            left(incoming.partial, incoming.ended)
            raise
        finally:
            await stream.aclose()
        yield incoming.completion()

    async def _open(self, request: CompletionRequest, sent: Callable[[], None]) -> httpx2.Response:
        """The stream, asked for by the SDK and read by us: what it makes of one stumbles over comments and loses members that it does not
        know."""
        system, contents = self._turns_of(request)
        opened: list[httpx2.Response] = []
        models = await self._models_for(request.model)
        try:
            with taking(opened), telling(sent):
                made = await models.generate_content_stream(
                    model=request.model, contents=contents, config=self._config(request, system, raw=False)
                )
                async for _ in made:
                    pass
        except BaseException:
            for response in opened:
                await response.aclose()
            raise
        (response,) = opened
        return response

    def _turns_of(self, request: CompletionRequest) -> tuple[str, Any]:
        return turns_of(request, signed="reasoning" in self._abilities_of(request))

    def _abilities_of(self, request: CompletionRequest) -> frozenset[str]:
        return self._abilities(request.model) if request.abilities is None else request.abilities

    def _config(self, request: CompletionRequest, system: str, *, raw: bool) -> types.GenerateContentConfig:
        options = request.options
        # Models that think first choose these by themselves.
        sampling: dict[str, Any] = {}
        abilities = self._abilities_of(request)
        if "reasoning" not in abilities:
            sampling = {"temperature": request.temperature, "top_p": options.get("top_p")}
        return types.GenerateContentConfig(
            system_instruction=system or None,
            max_output_tokens=request.limit(abilities),
            stop_sequences=[text for text in request.stop if text] or None,
            seed=cast(int | None, options.get("seed")),
            candidate_count=request.choices if request.choices > 1 else None,
            response_logprobs=True if request.logprobs is not None else None,
            logprobs=request.logprobs or None,
            # Each request is ours: it sends none by itself.
            automatic_continuation=False,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            should_return_http_response=raw,
            **sampling,
            **tools_of(request),
            **form_of(request),
        )


def unused_client() -> httpx2.Client:
    return httpx2.Client(transport=httpx2.MockTransport(_unused))


def _unused(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError("nothing is asked synchronously")
