"""OpenAI, and every server that speaks its chat-completions API (vLLM, Ollama, llama.cpp …), on the vendor's SDK."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from application.ports import ProviderError
from domain.completion import Completion, CompletionRequest, Finish, Outcome, Usage

SECONDS = 30.0
"""Time for one attempt."""

REASONING = re.compile(r"^(?:o\d|gpt-[5-9])")
"""Models that reject `temperature` and want `max_completion_tokens`."""

FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


class OpenAICompleter:
    """`name` is the provider's in configurations and prices."""

    def __init__(self, *, key: str | None, base_url: str | None = None, name: str = "openai") -> None:
        self.name = name
        # Servers of one's own often want no key, the SDK always one.
        self._client = openai.AsyncOpenAI(
            api_key=key or "none", base_url=base_url, max_retries=0, timeout=SECONDS
        )

    async def complete(self, request: CompletionRequest) -> Completion:
        messages: Any = [{"role": turn.role, "content": turn.text} for turn in request.prompt]
        parameters: dict[str, Any] = {"model": request.model, "messages": messages}
        if REASONING.match(request.model):
            parameters["max_completion_tokens"] = request.max_tokens
        else:
            parameters["max_tokens"] = request.max_tokens
            if request.temperature is not None:
                parameters["temperature"] = request.temperature
        try:
            answer: ChatCompletion = await self._client.chat.completions.create(**parameters)
        except openai.APITimeoutError:
            raise ProviderError("timeout", f"no answer within {SECONDS:.0f} s") from None
        except openai.APIConnectionError:
            raise ProviderError("unavailable", "the server can't be reached") from None
        except openai.APIStatusError as error:
            raise _told(error) from None
        except openai.OpenAIError as error:
            raise ProviderError(
                "unavailable", f"the server answered with nonsense ({type(error).__name__})"
            ) from None
        except ValueError:
            raise ProviderError("unavailable", "the server's answer is no JSON") from None
        return _completion(answer, request.model)

    async def close(self) -> None:
        await self._client.close()


def _completion(answer: ChatCompletion, model: str) -> Completion:
    # The SDK does not check what a server sends: everything may be missing.
    choices = getattr(answer, "choices", None)
    if not choices or choices[0].message is None:
        raise ProviderError("unavailable", "the server's answer has no choices")
    choice = choices[0]
    text = choice.message.content or choice.message.refusal or ""
    finish = FINISHES.get(choice.finish_reason or "stop", "other")
    if finish == "content_filter" or choice.message.refusal:
        raise ProviderError("refused", "the provider's content filter refused an answer")
    if not text.strip():
        raise ProviderError("unavailable", "the server's answer is empty")
    return Completion(
        text=text.strip(),
        finish=finish,
        model=(answer.model or "").strip("- ") or model,  # some servers name none
        usage=_usage(answer),
        raw_usage=answer.usage.model_dump(exclude_none=True) if answer.usage else {},
        request_id=answer.id,
    )


def _usage(answer: ChatCompletion) -> Usage:
    """`prompt_tokens` includes the cached ones, `completion_tokens` those of reasoning."""
    usage = answer.usage
    if usage is None:
        return Usage()
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0
    reasoning = usage.completion_tokens_details.reasoning_tokens if usage.completion_tokens_details else 0
    return Usage(
        input=usage.prompt_tokens or 0,
        cached=cached or 0,
        output=usage.completion_tokens or 0,
        reasoning=reasoning or 0,
    )


def _told(error: openai.APIStatusError) -> ProviderError:
    """A status as one of our outcomes. The server's text is not passed on: it may repeat the prompt."""
    status = error.status_code
    code = getattr(error, "code", None)
    retry_after = None
    with suppress(ValueError):  # a date, or nonsense: then our own back-off holds
        retry_after = min(float(error.response.headers.get("retry-after", "")), 60.0)
    outcome: Outcome
    if status in (401, 403):
        outcome = "authentication"
    elif status == 429:
        outcome = "rate_limited"
    elif status == 408:
        outcome = "timeout"
    elif code == "context_length_exceeded" or (status == 400 and "context" in str(error.message).lower()):
        outcome = "context_too_long"
    elif code == "content_filter":
        outcome = "refused"
    elif status >= 500:
        outcome = "unavailable"
    else:
        outcome = "bad_request"
    return ProviderError(outcome, f"HTTP {status}", retry_after)
