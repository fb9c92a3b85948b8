"""What a client of the older completions API may send.

https://platform.openai.com/docs/api-reference/completions/create
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from application.chat.record import Chat
from domain.models.choices import MOST
from domain.models.completion import Turn
from interfaces.http.chat.request import Penalty, Stop, StreamOptions, Tokens
from interfaces.http.chat.unasked import OF_STREAMS, Silent, check, refused

MOST_PROMPTS = 32
USUAL_TOKENS = 16
"""Without `max_tokens`, as at OpenAI."""

Prompt = Annotated[str, Meta(min_length=1)]

UNASKED: Silent = {"suffix": ("",), "echo": (False,), "best_of": (1,)}
"""`best_of` asks for nothing either where it is `n`."""


class CompletionIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model`: `agent`, `auto`, or a model's name, as for chat completions. `prompt`: a text, or up to 32, each of which is a call by itself; `n` choices of
    the first one come before those of the second. Lists of tokens are not taken."""

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    prompt: Prompt | Annotated[list[Prompt], Meta(min_length=1, max_length=MOST_PROMPTS)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: Stop | Annotated[list[Stop], Meta(max_length=4)] | None = None
    logit_bias: (
        Annotated[dict[str, Annotated[float, Meta(ge=-100, le=100)]], Meta(max_length=1024)] | None
    ) = None
    user: Annotated[str, Meta(max_length=256)] | None = None
    n: Annotated[int, Meta(ge=1, le=MOST)] | None = None
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    suffix: Any = None
    echo: Any = None
    best_of: Any = None

    @property
    def usage_streamed(self) -> bool:
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    @property
    def prompts(self) -> list[str]:
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt

    def commands(self, ids: Callable[[], UUID], *, fresh: bool = False) -> list[Chat]:
        """A call for each prompt. Raises Invalid, with the field that is wrong."""
        # The best of as many as are given are all of them.
        check(self if self.best_of != (self.n or 1) else msgspec.structs.replace(self, best_of=None), UNASKED)
        if self.stream_options is not None:
            check(self.stream_options, OF_STREAMS, "stream_options.")
        choices = (self.n or 1) * len(self.prompts)
        if choices > MOST:
            raise refused(
                "n", f"{choices} choices are asked for, at most {MOST} come at once; send fewer prompts"
            )
        options = {
            "top_p": self.top_p,
            "presence_penalty": self.presence_penalty,
            "frequency_penalty": self.frequency_penalty,
            "seed": self.seed,
            "logit_bias": self.logit_bias or None,
        }
        return [
            Chat(
                id=ids(),
                model=self.model,
                messages=(Turn(role="user", text=prompt),),
                choices=self.n or 1,
                logprobs=self.logprobs,
                max_tokens=self.max_tokens or USUAL_TOKENS,
                temperature=self.temperature,
                stop=(self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ()),
                options={name: value for name, value in options.items() if value is not None},
                stream=bool(self.stream),
                user=self.user,
                fresh=fresh or bool(self.temperature),
            )
            for prompt in self.prompts
        ]
