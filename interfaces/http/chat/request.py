"""What a client of the completions API may send: OpenAI's form, as far as it is known here.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from application.chat.record import Chat
from domain.base.errors import Invalid
from domain.models.completion import Turn
from interfaces.http.chat import unasked as unasked
from interfaces.http.chat.unasked import UnaskedOfMessage, UnaskedOfPart, UnaskedOfRequest

NAME = re.compile(r"[^\s<|\\/>]{1,64}")
"""Of a participant, as OpenAI takes it."""

Penalty = Annotated[float, Meta(ge=-2, le=2)]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000)]
Stop = Annotated[str, Meta(min_length=1, max_length=200)]
OPTIONS = ("top_p", "presence_penalty", "frequency_penalty", "seed", "reasoning_effort")


class Part(UnaskedOfPart, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Text only."""

    type: Literal["text", "refusal", "image_url", "input_audio", "file"]
    text: str | None = None
    refusal: str | None = None

    def said(self, place: str) -> str:
        unasked.check(self, unasked.OF_PARTS, f"{place}.")
        text = self.refusal if self.type == "refusal" else self.text
        if text is None or self.type not in ("text", "refusal"):
            raise unasked.refused(place, f"a part of the type {self.type} has a text here; send one")
        return text


class Said(UnaskedOfMessage, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message. An assistant's may come as an answer had it, with nothing but a `refusal` too."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | Annotated[list[Part], Meta(max_length=1000)] | None = None
    refusal: str | None = None
    name: str | None = None

    def turn(self, place: str) -> Turn | None:
        """None for an assistant's turn in which nothing was said. `place`: in the body, as messages[0]. Raises Invalid."""
        if self.role in ("tool", "function"):
            text = (
                f"messages of the role {self.role} are not taken yet; send their content as a user's message"
            )
            raise unasked.refused(f"{place}.role", text)
        unasked.check(self, unasked.OF_MESSAGES, f"{place}.")
        if self.name and not NAME.fullmatch(self.name):
            text = "a name has 1 to 64 characters, none of them white space or one of < > | \\ /"
            raise unasked.refused(f"{place}.name", text)
        said = self._text(place)
        if self.role == "assistant":
            said = said or self.refusal
            return Turn(role="assistant", text=said, name=self.name or None) if said else None
        if said is None:
            raise unasked.refused(f"{place}.content", "the message has no text; send one")
        return Turn(role="user" if self.role == "user" else "system", text=said, name=self.name or None)

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

    What OpenAI's API has beyond this, as tools, is refused where it asks for something, and taken where it does not.
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
        turns = [said.turn(f"messages[{at}]") for at, said in enumerate(self.messages)]
        messages = tuple(turn for turn in turns if turn is not None)
        if not messages:
            raise unasked.refused(
                "messages", "nothing is said in them; send at least one message with a text"
            )
        return Chat(
            id=id,
            model=self.model,
            messages=messages,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            temperature=self.temperature,
            stop=(self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ()),
            options={name: value for name in OPTIONS if (value := getattr(self, name)) is not None},
            stream=bool(self.stream),
            user=self.user,
            fresh=fresh or bool(self.temperature),
        )
