"""What a client of the completions API may send: OpenAI's form, as far as it is known here.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from application.chat.record import Chat
from domain.base.errors import Invalid
from domain.chat.tool_turns import ToolWords, check_tool_turns, shown_behind
from domain.models.choices import MOST as MOST_CHOICES
from domain.models.choices import MOST_LIKELY
from domain.models.completion import Options, Turn
from interfaces.http.chat import unasked as unasked
from interfaces.http.chat.format_forms import FormatIn, format_of
from interfaces.http.chat.part_forms import FileIn, Given, ImageUrl, file_of, image_of
from interfaces.http.chat.parted import parted
from interfaces.http.chat.tool_forms import MOST, CallId, CallIn, ToolChoiceIn, ToolIn, choice_of, tools_of
from interfaces.http.chat.unasked import UnaskedOfMessage, UnaskedOfPart, UnaskedOfRequest

NAME = re.compile(r"[^\s<|\\/>]{1,64}")
"""Of a participant, as OpenAI takes it."""

WORDS = ToolWords("messages", "call", "message of the role tool", "tool_call_id")
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000)]
Stop = Annotated[str, Meta(min_length=1, max_length=200)]
Short = Annotated[str, Meta(max_length=512)]
OPTIONS = (
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "reasoning_effort",
    "logit_bias",
    "verbosity",
    "store",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
)
NOTHING: dict[str, tuple[Any, ...]] = {
    "logit_bias": ({},),
    "verbosity": ("medium",),
    "store": (False,),
    "metadata": ({},),
    "service_tier": ("auto", "default"),
    "prompt_cache_key": ("",),
    "safety_identifier": ("",),
}
"""Option → values that ask for nothing, as null does."""


class Part(UnaskedOfPart, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text, an image, or a file."""

    type: Literal["text", "refusal", "image_url", "input_audio", "file"]
    text: str | None = None
    refusal: str | None = None
    image_url: ImageUrl | None = None
    file: FileIn | None = None

    def given(self, at: int, place: str) -> Given | None:
        """The image or file, which stands behind `at` characters of the text; None: it is none. Raises Invalid."""
        unasked.check(self, unasked.OF_PARTS, f"{place}.")
        if self.type == "image_url" and self.image_url is not None:
            return image_of(self.image_url, at, place)
        return file_of(self.file, at, place) if self.type == "file" and self.file is not None else None

    def said(self, place: str) -> str:
        unasked.check(self, unasked.OF_PARTS, f"{place}.")
        text = self.refusal if self.type == "refusal" else self.text
        if text is None or self.type not in ("text", "refusal"):
            raise unasked.refused(
                place,
                f"a part of the type {self.type} has its content in a member of that name, and stands in a user's message or a tool's",
            )
        return text


class Said(UnaskedOfMessage, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message. An assistant's may come as an answer had it, with nothing but a `refusal` too."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | Annotated[list[Part], Meta(max_length=1000)] | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: Annotated[list[CallIn], Meta(max_length=MOST)] | None = None
    tool_call_id: CallId | None = None

    def turn(self, place: str, contents: dict[UUID, bytes]) -> Turn | None:
        """None for an assistant's turn in which nothing was said. `place`: in the body, as messages[0]; `contents` takes those of images and files. Raises
        Invalid."""
        if self.role == "function":
            text = "messages of the role function are not taken; send results of tools with the role tool"
            raise unasked.refused(f"{place}.role", text)
        unasked.check(self, unasked.OF_MESSAGES, f"{place}.")
        if self.role == "tool":
            return self._result(place, contents)
        if self.tool_call_id is not None:
            raise unasked.refused(
                f"{place}.tool_call_id", "only a message of the role tool has one; leave it out"
            )
        if self.tool_calls and self.role != "assistant":
            raise unasked.refused(
                f"{place}.tool_calls", "only an assistant's message has them; leave them out"
            )
        if self.name and not NAME.fullmatch(self.name):
            text = "a name has 1 to 64 characters, none of them white space or one of < > | \\ /"
            raise unasked.refused(f"{place}.name", text)
        if self.role == "user" and isinstance(self.content, list):
            return self._of_parts(self.content, place, contents)
        said = self._text(place)
        if self.role == "assistant":
            said, calls = said or self.refusal, tuple(each.call() for each in self.tool_calls or ())
            if not said and not calls:
                return None
            return Turn(role="assistant", text=said or "", name=self.name or None, calls=calls)
        if said is None:
            raise unasked.refused(f"{place}.content", "the message has no text; send one")
        return Turn(role="user" if self.role == "user" else "system", text=said, name=self.name or None)

    def _of_parts(self, parts: list[Part], place: str, contents: dict[UUID, bytes]) -> Turn:
        """A user's."""
        if not parts:
            raise unasked.refused(f"{place}.content", "the message has no text; send one")
        text, found = parted(parts, f"{place}.content", contents)
        return Turn(role="user", text=text, name=self.name or None, attachments=found)

    def _result(self, place: str, contents: dict[UUID, bytes]) -> Turn:
        """What a tool has come to; may be an empty text."""
        if self.tool_call_id is None:
            text = "a message of the role tool says which call it answers; send its tool_call_id"
            raise unasked.refused(f"{place}.tool_call_id", text)
        if not self.content and self.content != "":
            raise unasked.refused(
                f"{place}.content", "the tool's result is missing; send a text, which may be empty"
            )
        if isinstance(self.content, str):
            return Turn(role="tool", text=self.content, call=self.tool_call_id)
        text, found = parted(self.content, f"{place}.content", contents)
        return Turn(role="tool", text=text, call=self.tool_call_id, attachments=found)

    def _text(self, place: str) -> str | None:
        if isinstance(self.content, list):
            parts = [part.said(f"{place}.content[{at}]") for at, part in enumerate(self.content)]
            return "\n".join(parts) if parts else None
        return self.content


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatIn(UnaskedOfRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model`: `agent` (the tenant's agent with its documents), `auto` (the messages as they are, routed), or a model's name.

    What OpenAI's API has beyond this is refused where it asks for something, and taken where it does not.
    """

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    messages: Annotated[list[Said], Meta(min_length=1, max_length=2048)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    stop: Stop | Annotated[list[Stop], Meta(max_length=4)] | None = None
    user: Annotated[str, Meta(max_length=256)] | None = None
    tools: Annotated[list[ToolIn], Meta(max_length=MOST)] | None = None
    tool_choice: ToolChoiceIn | None = None
    parallel_tool_calls: bool | None = None
    response_format: FormatIn | None = None
    logit_bias: (
        Annotated[dict[str, Annotated[float, Meta(ge=-100, le=100)]], Meta(max_length=1024)] | None
    ) = None
    verbosity: Literal["low", "medium", "high"] | None = None
    store: bool | None = None
    metadata: Annotated[dict[str, Short], Meta(max_length=16)] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority"] | None = None
    prompt_cache_key: Short | None = None
    safety_identifier: Short | None = None
    n: Annotated[int, Meta(ge=1, le=MOST_CHOICES)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=MOST_LIKELY)] | None = None

    @property
    def usage_streamed(self) -> bool:
        """Whether a stream ends with a chunk that tells its usage."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    def command(self, id: UUID, *, fresh: bool = False) -> Chat:
        """`fresh`: not out of the cache. Raises Invalid, with the field that is wrong."""
        unasked.check(self, unasked.OF_REQUESTS)
        if self.stream_options is not None:
            unasked.check(self.stream_options, unasked.OF_STREAMS, "stream_options.")
        if self.max_tokens is not None and self.max_completion_tokens not in (None, self.max_tokens):
            raise Invalid("max_tokens and max_completion_tokens differ; give one of them")
        if self.top_logprobs and not self.logprobs:
            raise unasked.refused(
                "top_logprobs",
                "log probabilities are told where logprobs is true; send that too, or leave it out",
            )
        contents: dict[UUID, bytes] = {}
        turns = [said.turn(f"messages[{at}]", contents) for at, said in enumerate(self.messages)]
        messages = tuple(turn for turn in turns if turn is not None)
        if not messages:
            raise unasked.refused(
                "messages", "nothing is said in them; send at least one message with a text"
            )
        check_tool_turns(messages, WORDS)
        tools = tools_of(self.tools)
        return Chat(
            id=id,
            model=self.model,
            messages=shown_behind(messages),
            contents=contents,
            tools=tools,
            tool_choice=choice_of(self.tool_choice, tools),
            parallel_tool_calls=self.parallel_tool_calls if tools else None,
            answer_format=format_of(self.response_format),
            choices=self.n or 1,
            logprobs=(self.top_logprobs or 0) if self.logprobs else None,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            temperature=self.temperature,
            stop=(self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ()),
            options=self._options(),
            stream=bool(self.stream),
            user=self.user,
            fresh=fresh or bool(self.temperature),
        )

    def _options(self) -> Options:
        given = {name: getattr(self, name) for name in OPTIONS}
        return {
            name: value
            for name, value in given.items()
            if value is not None and value not in NOTHING.get(name, ())
        }
