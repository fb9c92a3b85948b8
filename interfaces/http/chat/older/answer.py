"""An answer of the older completions API, with what Retrace knows of each prompt's call in `retrace`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from application.chat.record import ChatGiven
from domain.models.choices import Finish
from domain.models.completion import Usage
from interfaces.http.chat.answer import Extra, UsageOut, extra_of, named, seconds_of, usage_of
from interfaces.http.chat.likely import OlderLogprobsOut, older_logprobs_out

FinishReason = Literal["stop", "length", "content_filter"]
FINISHES: dict[Finish, FinishReason] = {"length": "length", "content_filter": "content_filter"}


class TextChoice(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    index: int
    logprobs: OlderLogprobsOut | None = None
    finish_reason: FinishReason | None


class TextCompletion(msgspec.Struct, frozen=True, kw_only=True):
    """`retrace`: of each prompt's call, in the prompts' order. `model` is what answered the first."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: tuple[TextChoice, ...]
    usage: UsageOut
    retrace: tuple[Extra, ...]


def completion_of(given: Sequence[ChatGiven]) -> TextCompletion:
    extras = tuple(map(extra_of, given))
    choices = [choice for each in given for choice in each.choices]
    return TextCompletion(
        id=id_of(given[0].call),
        created=seconds_of(given[0].call),
        model=named(extras[0]),
        choices=tuple(
            TextChoice(
                text=choice.text,
                index=index,
                logprobs=older_logprobs_out(choice.logprobs),
                finish_reason=FINISHES.get(choice.finish, "stop"),
            )
            for index, choice in enumerate(choices)
        ),
        usage=usage_of_all(given),
        retrace=extras,
    )


def id_of(call: UUID) -> str:
    return f"cmpl-{call.hex}"


def usage_of_all(given: Sequence[ChatGiven]) -> UsageOut:
    """Of all prompts together."""
    used = [each.usage for each in given]
    return usage_of(
        Usage(
            input=sum(each.input for each in used),
            cached=sum(each.cached for each in used),
            output=sum(each.output for each in used),
            reasoning=sum(each.reasoning for each in used),
        )
    )
