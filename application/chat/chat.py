"""A call of the completions API: the tenant's agent, its routing alone, or one model by name; whichever, on record and paid for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from application.answers.ports import Ports
from application.answers.prepare import Inquiry, Prepared, prepare
from application.base.tasks import finished
from application.budgets.reserve import PATIENCE
from application.chat.record import Chat, ChatGiven, record_call
from application.gateway.attempt import Deliver
from application.gateway.complete_cached import complete_cached
from application.gateway.run import Run
from application.models.catalogue import catalogue_of
from application.ports import Fault
from domain.answers.citing import cited, told
from domain.answers.prompts import unanswered
from domain.base.context import Context
from domain.base.errors import Forbidden, Invalid, NotFound
from domain.chat.call import Call
from domain.models.catalogue import Catalogue
from domain.models.completion import Outcome, Turn
from domain.models.names import variants
from domain.tenancy.tenant import Tenant

AGENT, AUTO = "agent", "auto"
"""Names of models: the tenant's agent with its documents; the messages as they are, to the model that routing chooses."""

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


async def chat(command: Chat, context: Context, ports: Ports, deliver: Deliver | None = None) -> ChatGiven:
    """Answer, and put all of it on record, also where the caller goes away in the middle.

    Raises Invalid, NotFound for a model that nobody has, BudgetExhausted, ChatFailed.
    """
    prepared = await prepare(await _inquiry(command, context, ports), context, ports)
    disclosure, before_text = _disclosure(command, prepared)
    if before_text and deliver is not None:
        deliver = _after(f"{disclosure}\n\n", deliver)
    run = Run(patience=PATIENCE)
    run.begin(prepared.asked, prepared.embeddings)

    async def record(end: Callable[[Call], None]) -> tuple[Call.Metered, int]:
        return await finished(record_call(command, prepared, run, end, context, ports))

    def without(reason: str) -> Callable[[Call], None]:
        """There is no whole answer."""
        said, latency, at = "".join(run.said), prepared.latency_ms, ports.clock
        return lambda call: call.end(reason=reason, text=said, latency_ms=latency, at=at())

    try:
        completion = await complete_cached(prepared.asked, run, context, ports, deliver)
    except BaseException as error:
        gone = isinstance(error, asyncio.CancelledError)
        await record(without(GONE if gone else f"it failed: {type(error).__name__}"))
        raise
    if completion is None:
        await record(without(run.failure()))
        raise run.refusal or _failed(run)
    text, (_, citations) = (
        told(completion.text, prepared.asked.markers),
        cited(completion.text, prepared.passages),
    )
    metered, position = await record(
        lambda call: call.answer(
            text=text,
            finish=completion.finish,
            citations=citations,
            cached=run.attempts[-1].cached,
            latency_ms=prepared.latency_ms,
            disclosure=disclosure,
            at=ports.clock(),
        )
    )
    return ChatGiven(
        call=command.id,
        text=text,
        content=f"{disclosure}\n\n{text}" if before_text else text,
        disclosure=disclosure,
        finish=completion.finish,
        citations=citations,
        usage=completion.usage,
        metered=metered,
        position=position,
    )


async def _inquiry(command: Chat, context: Context, ports: Ports) -> Inquiry:
    """Raises Forbidden, Invalid, NotFound."""
    tenant, catalogue = await asyncio.gather(
        ports.store.latest(Tenant, context.tenant, tenant=context.tenant),
        catalogue_of(context.tenant, store=ports.store, shipped=ports.providers.catalogue),
    )
    if tenant.state.status != "active":
        raise Forbidden(f"this tenant is {tenant.state.status}")
    model = _model_of(command.model, catalogue, ports.clock())
    asked = unanswered(command.messages)
    inquiry = Inquiry(
        interaction=command.id,
        subject=command.id,
        questions=tuple(turn.text for turn in asked),
        turns=len(command.messages) - 1,
        messages=command.messages,
        pinned=None if model in (AGENT, AUTO) else model,
        max_tokens=command.max_tokens,
        temperature=command.temperature,
        stop=command.stop,
        options=command.options,
        fresh=command.fresh,
    )
    return _of_agent(inquiry, command.messages, asked) if model == AGENT else inquiry


def _of_agent(inquiry: Inquiry, messages: tuple[Turn, ...], asked: Sequence[Turn]) -> Inquiry:
    """For the agent's prompt: the history, the questions, and who asks them all. Who is one of several is named in the text."""
    if messages[-1].role != "user":
        text = "the last message is to be the user's: there is nothing for the agent to answer; `auto` and models by name take it"
        raise Invalid(text)
    names = {turn.name for turn in asked}
    one = len(names) == 1
    return msgspec.structs.replace(
        inquiry,
        messages=None,
        history=messages[: -len(asked)],
        said=tuple(turn.text if one else turn.said for turn in asked),
        name=names.pop() if one else None,
    )


def _disclosure(command: Chat, prepared: Prepared) -> tuple[str | None, bool]:
    """What the agent's first answer says of who answers, where the app leaves that to us, and whether it stands before the text, and not
    beside it alone."""
    begun = any(turn.role == "assistant" for turn in command.messages)
    way = prepared.configuration.disclose_completions
    if prepared.template is None or way == "off" or begun:
        return None, False
    return prepared.disclosure, way == "text"


def _after(text: str, deliver: Deliver) -> Deliver:
    """`text` comes before the first piece."""
    said = False

    async def both(piece: str) -> None:
        nonlocal said
        if not said:
            said = True
            await deliver(text)
        await deliver(piece)

    return both


def _failed(run: Run) -> ChatFailed:
    outcome, wait, detail = run.outcome(), run.retry_after, run.failure()
    if outcome == "rate_limited":
        when = "later" if wait is None else f"in {wait:.0f} s"
        advice = "its quota is used up" if run.again is False else f"its limit is reached; try again {when}"
        detail = f"{detail}: the provider says that {advice}, or ask for another model"
    return ChatFailed(detail, outcome, retry_after=wait, again=run.again)


def _model_of(name: str, catalogue: Catalogue, at: datetime) -> str:
    """AGENT, AUTO, or provider/model, of what a request names in any case and with blanks around it. Raises NotFound."""
    name = name.strip()
    if name.lower() in (AGENT, AUTO):
        return name.lower()
    if "/" in name:
        return catalogue.canonical(name)
    chat = [each for each in catalogue.models() if each.kind == "chat"]
    for variant in variants(name.lower()):
        found = [each for each in chat if each.name.lower() == variant]
        if found:
            provider = next((each for each in found if not each.retired(at)), found[0]).provider
            return catalogue.canonical(f"{provider}/{name}")
    raise NotFound(
        f"there is no model {name[:100]!r}; GET /v1/models lists them, and a provider's other models are called provider/model",
        code="model_not_found",
    )
