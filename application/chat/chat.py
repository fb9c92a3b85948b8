"""A call of the completions API: the tenant's agent, its routing alone, or one model by name; whichever, on record and paid for."""

from __future__ import annotations

import asyncio

import msgspec

from application.answers.prepare import prepare
from application.answers.prepared import Prepared
from application.base.tasks import run_to_end
from application.budgets.reserve import PATIENCE
from application.chat.attachments import with_attachments
from application.chat.inquiry import disclosure_of, inquiry_of
from application.chat.ports import Ports
from application.chat.record import Chat, ChatGiven, record_answer, record_end
from application.chat.signatures import with_signatures
from application.gateway.advice import advice_on
from application.gateway.attempt import Emit, EmitPiece
from application.gateway.complete_cached import complete_cached
from application.gateway.run import Run
from application.ports import Fault
from domain.answers.citing import with_disclosure
from domain.answers.templates import DECLINE
from domain.base.context import Context
from domain.models.completion import Completion, Outcome, Usage

GONE = "the caller went away"


class ChatFailed(Fault):
    """No model gave a whole answer. `outcome`: how it ended (`Run.outcome`).

    `retry_after`: seconds after which a model may be asked again, where they are known; `again`: what the provider says of another try.
    """

    def __init__(
        self, detail: str, outcome: Outcome, *, retry_after: float | None = None, again: bool | None = None
    ) -> None:
        self.detail, self.outcome, self.retry_after, self.again = detail, outcome, retry_after, again
        super().__init__(detail)


async def chat(
    command: Chat,
    context: Context,
    ports: Ports,
    emit: Emit | None = None,
    emit_piece: EmitPiece | None = None,
) -> ChatGiven:
    """Answer, and put all of it on record, also where the caller goes away in the middle.

    Raises Invalid, NotFound for a model that nobody has, BudgetExhausted, ChatFailed.
    """
    messages = await with_signatures(command.messages, context.tenant, ports.store)
    command = msgspec.structs.replace(command, messages=messages)
    await inquiry_of(command, context, ports)  # what can't be asked is said before anything is fetched
    command, contents = await with_attachments(command, context, ports)
    inquiry = await inquiry_of(command, context, ports)
    prepared = await prepare(msgspec.structs.replace(inquiry, contents=contents), context, ports)
    disclosure = disclosure_of(command, prepared)
    run = Run(patience=PATIENCE)
    run.begin(prepared.asked, prepared.embeddings, prepared.held)
    if emit is not None and disclosure is not None and disclosure.before_text:
        emit = _after(with_disclosure(disclosure.text, ""), emit)
    try:
        completion = await _completed(prepared, run, context, ports, emit, emit_piece)
    except BaseException as error:
        reason = GONE if isinstance(error, asyncio.CancelledError) else f"it failed: {type(error).__name__}"
        await run_to_end(record_end(command, prepared, run, reason, context, ports))
        raise
    if completion is None:
        await run_to_end(record_end(command, prepared, run, run.failure(), context, ports))
        raise run.refusal or _failed(run)
    if run.leak is not None:
        completion = await _declined(completion, prepared, run, emit)
    return await run_to_end(record_answer(command, prepared, run, completion, disclosure, context, ports))


async def _completed(
    prepared: Prepared,
    run: Run,
    context: Context,
    ports: Ports,
    emit: Emit | None,
    emit_piece: EmitPiece | None,
) -> Completion | None:
    """A model's, but where it is declined before one is asked."""
    if prepared.considered.plan.say is None:
        return await complete_cached(prepared.asked, run, context, ports, emit, emit_piece)
    none = Completion(text="", finish="content_filter", model="", usage=Usage(), told=True)
    return await _declined(none, prepared, run, emit)


async def _declined(completion: Completion, prepared: Prepared, run: Run, emit: Emit | None) -> Completion:
    """Said to who gives the agent orders, and in the place of an answer, or of the rest of it, that gives the system prompt away: it must not be
    told."""
    text = prepared.wordings.told(DECLINE.name, prepared.language, {})
    told = "".join(run.said)
    rest = f"\n\n{text}" if told else text
    if emit is not None:
        await emit(rest)
    return msgspec.structs.replace(completion, text=told + rest, finish="content_filter")


def _after(text: str, emit: Emit) -> Emit:
    """`text` comes before the first piece."""
    said = False

    async def both(piece: str) -> None:
        nonlocal said
        if not said:
            said = True
            await emit(text)
        await emit(piece)

    return both


def _failed(run: Run) -> ChatFailed:
    outcome, detail = run.outcome(), run.failure()
    if run.attempts and run.refusal is None:
        last = run.attempts[-1]
        detail = f"{last.provider}/{last.model}: {detail}"
        if (advice := advice_on(outcome, run.retry_after, run.again, last.provider)) is not None:
            detail = f"{detail}; {advice}"
    return ChatFailed(detail, outcome, retry_after=run.retry_after, again=run.again)
