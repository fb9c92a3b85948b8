"""A call of the completions API as it is put on record: once, when it has ended, in whatever way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from application.answers.feedback_token import issue_token
from application.answers.ports import Ports
from application.answers.prepared import Prepared
from application.chat.saving import save_under_user
from application.gateway.run import Run
from domain.answers.citing import answer_of, with_disclosure
from domain.answers.decision import with_leak
from domain.answers.plan import Decision
from domain.base.context import Context
from domain.chat.call import Call
from domain.chat.response import ResponseFacts
from domain.models.answer_format import AnswerFormat
from domain.models.choices import Choice, TokenLogprob, cut_choices
from domain.models.completion import Citation, Completion, Finish, Options, Turn, Usage
from domain.models.tools import Tool, ToolCall, ToolChoice, whole_calls
from domain.retrieval.passages import ranked


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """`model`: agent, auto, provider/model, or a model's name alone. `user`: whom the app asks for, by its own name for them.

    `fresh`: an answer is wanted that was not given before.
    """

    id: UUID
    model: str
    messages: tuple[Turn, ...]
    contents: Mapping[UUID, bytes] = {}
    """Of images and files that came with the messages, by the ids of their attachments."""

    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    answer_format: AnswerFormat | None = None
    choices: int = 1
    logprobs: int | None = None
    """As of a `CompletionRequest`."""

    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    options: Options = {}
    stream: bool = False
    user: str | None = None
    fresh: bool = False
    response: ResponseFacts | None = None
    """None: it was asked for as a completion."""


class ChatGiven(msgspec.Struct, frozen=True, kw_only=True):
    """The last of the attempts in `metered` is the one that answered; there is none where it was declined before a model was asked. `disclosure` is said with it; `content` is what is sent.

    `usage`: of the answer, when it was made. `feedback_token`: gives the right to rate it.
    """

    call: UUID
    text: str
    content: str
    calls: tuple[ToolCall, ...] = ()
    finish: Finish
    logprobs: tuple[TokenLogprob, ...] = ()
    others: tuple[Choice, ...] = ()
    citations: tuple[Citation, ...]
    usage: Usage
    metered: Call.Metered
    position: int
    feedback_token: str
    disclosure: str | None = None
    decision: Decision | None = None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All, as they are sent."""
        first = Choice(text=self.content, calls=self.calls, finish=self.finish, logprobs=self.logprobs)
        return (first, *self.others)


class Disclosure(NamedTuple):
    """`before_text`: it stands before the answer's text, and not beside it alone."""

    text: str
    before_text: bool


async def record_answer(
    command: Chat,
    prepared: Prepared,
    run: Run,
    completion: Completion,
    disclosure: Disclosure | None,
    context: Context,
    ports: Ports,
) -> ChatGiven:
    """Save a call whole, with its answer and what it cost."""
    text, citations = answer_of(completion, prepared.passages, prepared.sources, prepared.asked.sources)
    said = None if disclosure is None else disclosure.text

    def answer(call: Call) -> None:
        call.answer(
            text=text,
            calls=completion.calls,
            finish=completion.finish,
            logprobs=completion.logprobs,
            others=completion.others,
            citations=citations,
            cached=bool(run.attempts) and run.attempts[-1].cached,
            latency_ms=prepared.latency_ms,
            disclosure=said,
            decision=_decision(prepared, run),
            at=ports.clock(),
        )

    call, metered, position = await _saved(command, prepared, run, answer, citations, context, ports)
    token = await issue_token(
        context.tenant,
        call.id,
        call.subject,
        answered_at=metered.timestamp,
        days=prepared.configuration.feedback_days,
        keyring=ports.keyring,
    )
    return ChatGiven(
        call=command.id,
        text=text,
        content=with_disclosure(disclosure.text, text)
        if disclosure is not None and disclosure.before_text
        else text,
        calls=completion.calls,
        disclosure=said,
        finish=completion.finish,
        logprobs=completion.logprobs,
        others=completion.others,
        citations=citations,
        usage=completion.usage,
        metered=metered,
        position=position,
        feedback_token=token,
        decision=_decision(prepared, run),
    )


def _decision(prepared: Prepared, run: Run) -> Decision | None:
    if prepared.template is None:
        return None
    return with_leak(prepared.considered.plan.decision, run.leak)


async def record_end(
    command: Chat, prepared: Prepared, run: Run, reason: str, context: Context, ports: Ports
) -> None:
    """Save a call that came to no whole answer, with what was said and what it cost."""

    def end(call: Call) -> None:
        latency = prepared.latency_ms
        said, calls = "".join(run.said), whole_calls(run.called)
        others = cut_choices([piece for piece in run.chosen if piece.choice])
        call.end(reason=reason, text=said, calls=calls, others=others, latency_ms=latency, at=ports.clock())

    await _saved(command, prepared, run, end, (), context, ports)


async def _saved(
    command: Chat,
    prepared: Prepared,
    run: Run,
    end: Callable[[Call], None],
    cited: Sequence[Citation],
    context: Context,
    ports: Ports,
) -> tuple[Call, Call.Metered, int]:
    metered: list[Call.Metered] = []

    def make(user: UUID | None) -> Call:
        call, measured = _begun(command, prepared, run, cited, user, ports.clock())
        end(call)
        metered[:] = [measured]
        return call

    call, position = await save_under_user(make, command.user, run.calls, run, context, ports)
    return call, metered[0], position


def _begun(
    command: Chat, prepared: Prepared, run: Run, cited: Sequence[Citation], user: UUID | None, at: datetime
) -> tuple[Call, Call.Metered]:
    call = Call.request(
        command.id,
        model=command.model,
        messages=command.messages,
        tools=command.tools,
        tool_choice=command.tool_choice,
        parallel_tool_calls=command.parallel_tool_calls,
        answer_format=command.answer_format,
        choices=command.choices,
        logprobs=command.logprobs,
        max_tokens=command.max_tokens or prepared.asked.request.answer_tokens,
        temperature=command.temperature,
        stop=command.stop,
        options=command.options,
        stream=command.stream,
        user=command.user,
        user_id=user,
        at=at,
    )
    if command.response is not None:
        call.respond(command.response, at)
    if prepared.template is not None and prepared.prompt:
        call.prompt(
            retrieved=ranked(prepared.passages, prepared.prompt),
            prompt=prepared.prompt,
            conflicts=prepared.conflicts,
            looked_for=prepared.looked_for,
            template=prepared.template,
            configuration_version=prepared.configuration_version,
            at=at,
        )
    return call, call.meter(
        routing=run.routing,
        attempts=run.attempts,
        reservations=run.reserved,
        embeddings=run.embeddings,
        variants=run.variants,
        retrieval=prepared.figures(cited),
        unit=None if prepared.unit == call.id else prepared.unit,
        at=at,
    )
