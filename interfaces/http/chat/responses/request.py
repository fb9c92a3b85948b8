"""What a client of the Responses API may send.

https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from application.chat.record import Chat
from domain.base.patterns import RESPONSE
from domain.chat.response import ResponseFacts
from domain.chat.tool_turns import ToolWords, check_tool_turns, shown_behind
from domain.models.choices import MOST_LIKELY
from domain.models.completion import Options, Turn
from interfaces.http.chat.request import Tokens
from interfaces.http.chat.responses.items import Input, turns_of
from interfaces.http.chat.responses.tools import (
    ChoiceIn,
    TextIn,
    ToolIn,
    choice_of,
    format_of,
    tools_of,
)
from interfaces.http.chat.unasked import HINT, Silent, check, refused

WORDS = ToolWords("input", "function_call", "function_call_output", "call_id")
Short = Annotated[str, Meta(max_length=512)]
Metadata = Annotated[dict[Annotated[str, Meta(max_length=64)], Short], Meta(max_length=16)]

UNASKED: Silent = {
    "background": (False,),
    "conversation": (),
    "context_management": ([],),
    "image": (HINT,),
    "moderation": (),
    "prompt": (),
    "service_tier": ("auto", "default"),
    "truncation": ("disabled",),
    "access_programs": (),
    "max_tool_calls": (HINT,),
    "prompt_cache_key": (HINT,),
    "prompt_cache_options": (HINT,),
    "prompt_cache_retention": (HINT,),
    "safety_identifier": (HINT,),
    "stream_options": (HINT,),
}
"""`max_tool_calls` is about the vendors' own tools, of which there are none; so is what `include` names beside log probabilities."""

LOGPROBS = "message.output_text.logprobs"


class ReasoningIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`summary` is taken: none is given, as models here tell none."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Any = None
    generate_summary: Any = None


class Unasked(msgspec.Struct, frozen=True, kw_only=True):
    background: Any = None
    conversation: Any = None
    context_management: Any = None
    image: Any = None
    moderation: Any = None
    prompt: Any = None
    service_tier: Any = None
    truncation: Any = None
    access_programs: Any = None
    max_tool_calls: Any = None
    prompt_cache_key: Any = None
    prompt_cache_options: Any = None
    prompt_cache_retention: Any = None
    safety_identifier: Any = None
    stream_options: Any = None


class ResponseIn(Unasked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model`: `agent`, `auto`, or a model's name, as for completions. `store` false: it can't be read again, or gone on from by `previous_response_id`.

    What OpenAI's API has beyond this is refused where it asks for something, and taken where it does not.
    """

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    input: Input = ""
    instructions: str | None = None
    previous_response_id: Annotated[str, Meta(pattern=RESPONSE)] | None = None
    store: bool | None = None
    stream: bool | None = None
    tools: Annotated[list[ToolIn], Meta(max_length=128)] | None = None
    tool_choice: str | ChoiceIn | None = None
    parallel_tool_calls: bool | None = None
    text: TextIn | None = None
    reasoning: ReasoningIn | None = None
    max_output_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    metadata: Metadata | None = None
    user: Annotated[str, Meta(max_length=256)] | None = None
    include: Annotated[list[str], Meta(max_length=32)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=MOST_LIKELY)] | None = None

    @property
    def previous(self) -> UUID | None:
        """The call that it goes on from."""
        given = self.previous_response_id
        return None if given is None else UUID(given.removeprefix("resp_"))

    def check(self) -> None:
        """Raises Invalid for what asks for more than is offered."""
        check(self, UNASKED)
        if self.top_logprobs and self._logprobs is None:
            raise refused(
                "top_logprobs", f"log probabilities are told where include has {LOGPROBS}; send that too"
            )

    @property
    def _logprobs(self) -> int | None:
        """As of a `CompletionRequest`."""
        return (self.top_logprobs or 0) if self.include and LOGPROBS in self.include else None

    def command(
        self, id: UUID, before: Sequence[Turn], kept: Mapping[UUID, bytes], *, fresh: bool = False
    ) -> Chat:
        """`before`: the turns that it goes on from; `kept`: contents of their images and files. Raises Invalid, with the field that is wrong."""
        contents = dict(kept)
        said = turns_of(self.input, contents) if self.input else ()
        if not said and not before:
            raise refused("input", "nothing is said in it; send a text, or items")
        turns = (*before, *said)
        check_tool_turns(turns, WORDS)
        turns = shown_behind(turns)
        instructed = bool(self.instructions)
        if instructed:
            turns = (Turn(role="system", text=self.instructions or ""), *turns)
        tools = tools_of(self.tools or [])
        return Chat(
            id=id,
            model=self.model,
            messages=turns,
            contents=contents,
            tools=tools,
            tool_choice=choice_of(self.tool_choice, tools),
            parallel_tool_calls=self.parallel_tool_calls if tools else None,
            answer_format=format_of(self.text),
            logprobs=self._logprobs,
            max_tokens=self.max_output_tokens,
            temperature=self.temperature,
            options=self._options(),
            stream=bool(self.stream),
            user=self.user,
            fresh=fresh or bool(self.temperature),
            response=ResponseFacts(
                previous=self.previous,
                instructed=instructed,
                stored=self.store is not False,
                metadata=self.metadata or {},
            ),
        )

    def _options(self) -> Options:
        effort = None if self.reasoning is None else self.reasoning.effort
        verbosity = None if self.text is None or self.text.verbosity == "medium" else self.text.verbosity
        given = {"top_p": self.top_p, "reasoning_effort": effort, "verbosity": verbosity}
        return {name: value for name, value in given.items() if value is not None}
