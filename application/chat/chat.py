"""A call of the completions API: the tenant's agent, its routing alone, or one model by name; whichever, on record and paid for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

from application.agents.agent import configuration_of
from application.answers.ports import Ports
from application.answers.prompt import prompt_of
from application.budgets.reserve import PATIENCE
from application.chat.record import CallRecord, Chat, ChatGiven
from application.flags.flag import enabled
from application.gateway.attempt import Deliver
from application.gateway.respond import respond
from application.gateway.route import Question, route
from application.gateway.run import Asked, Run
from application.models.catalogue import catalogue_of
from application.ports import Fault
from application.retrieval.retrieve import retrieve
from domain.agents.agent import AgentConfiguration
from domain.answers.citing import cited, told
from domain.answers.prompts import unanswered
from domain.base.context import Context
from domain.base.errors import Forbidden, Invalid, NotFound
from domain.base.language import language_of
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, CompletionRequest, Outcome, Passage, Turn
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
    started = time.perf_counter()
    store, providers, clock = ports.store, ports.providers, ports.clock
    tenant = await store.latest(Tenant, context.tenant, tenant=context.tenant)
    if tenant.state.status != "active":
        raise Forbidden(f"this tenant is {tenant.state.status}")
    catalogue = await catalogue_of(context.tenant, store=store, shipped=providers.catalogue)
    configuration, version = await configuration_of(context.tenant, store=store)
    model = _model_of(command.model, catalogue, clock())
    # Nothing is asked for that nobody has asked for; but the agent's answers have a length.
    agents = model == AGENT and command.max_tokens is None
    answer_tokens = configuration.max_answer_tokens if agents else None
    asked_last = unanswered(command.messages)
    questions = tuple(turn.text for turn in asked_last)
    passages: tuple[Passage, ...] = ()
    embeddings: list[Attempt] = []
    prompt = command.messages
    temperature, markers = command.temperature, None
    async with ports.embedder.keeping(context, embeddings):
        if model == AGENT:
            history, texts, name = _agents(command.messages, asked_last)
            if not await enabled("full_agent", str(command.id), tenant=context.tenant, store=store):
                configuration = configuration.plain()
            passages = await retrieve(
                context,
                questions,
                configuration,
                embeddings,
                embedder=ports.embedder,
                vectors=ports.vectors,
            )
            prompt = await prompt_of(configuration, history, passages, texts, name)
            temperature = configuration.temperature if temperature is None else temperature
            markers = len(passages) if configuration.attribution else 0
        disclosure = _disclosure(command, model, configuration, questions)
        before_text = disclosure is not None and configuration.disclose_completions == "text"
        if disclosure is not None and before_text and deliver is not None:
            deliver = _after(f"{disclosure}\n\n", deliver)
        chosen = await route(
            Question(
                prompt=prompt,
                questions=questions,
                turns=len(command.messages) - 1,
                subject=command.id,
                pinned=None if model in (AGENT, AUTO) else model,
                documents=model == AGENT,
            ),
            tenant=context.tenant,
            configuration=configuration,
            store=store,
            catalogue=catalogue,
            counter=providers.counter,
            clock=clock,
        )
    asked = Asked(
        interaction=command.id,
        route=chosen,
        request=CompletionRequest(
            model=chosen.routing.model,
            prompt=prompt,
            questions=questions,
            passages=passages,
            max_tokens=command.max_tokens,
            answer_tokens=answer_tokens,
            temperature=temperature,
            stop=command.stop,
            options=command.options,
        ),
        last_resort=model == AGENT,
        markers=markers,
        fresh=command.fresh,
    )
    run = Run(embeddings=embeddings, patience=PATIENCE)
    record = CallRecord(
        command=command,
        max_tokens=command.max_tokens or answer_tokens,
        prompt=prompt,
        passages=passages,
        configuration_version=version,
        run=run,
        chosen=chosen,
        context=context,
        ports=ports,
        disclosure=disclosure,
        before_text=before_text,
        started=started,
    )
    try:
        completion = await respond(
            asked,
            run,
            context,
            ports,
            configuration_version=version if model == AGENT else 0,
            deliver=deliver,
        )
    except BaseException as error:
        went = isinstance(error, asyncio.CancelledError)
        await record.without(GONE if went else f"it failed: {type(error).__name__}")
        raise
    if completion is None:
        await record.without(run.failure())
        if run.refusal is not None:
            raise run.refusal
        raise _failed(run)
    _, citations = cited(completion.text, passages)
    return await record.answered(told(completion.text, markers), completion, citations)


def _disclosure(
    command: Chat, model: str, configuration: AgentConfiguration, questions: tuple[str, ...]
) -> str | None:
    """What the agent's first answer says of who answers, where the app leaves that to us."""
    begun = any(turn.role == "assistant" for turn in command.messages)
    if model != AGENT or configuration.disclose_completions == "off" or begun:
        return None
    return configuration.disclosure_in(language_of("\n".join(questions)))


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


def _agents(
    messages: tuple[Turn, ...], asked: Sequence[Turn]
) -> tuple[tuple[Turn, ...], list[str], str | None]:
    """For the agent's prompt: the history, the questions, and who asks them all. Who is one of several is named in the text."""
    if messages[-1].role != "user":
        text = "the last message is to be the user's: there is nothing for the agent to answer; `auto` and models by name take it"
        raise Invalid(text)
    names = {turn.name for turn in asked}
    if len(names) == 1:
        return messages[: -len(asked)], [turn.text for turn in asked], names.pop()
    return messages[: -len(asked)], [turn.said for turn in asked], None


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
