"""Prepare: all that an answer rests on, read before a model is asked. Nothing is saved here but what an embedding of the question has cost
where no answer comes of it."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.answers.prompt import prompt_of
from application.answers.wordings import wordings_of
from application.gateway.route import Question, Route, route
from application.gateway.run import Asked
from application.gateway.tenant_settings import TenantSettings, settings_of
from application.retrieval.retrieve import retrieve
from domain.agents.agent import AgentConfiguration
from domain.answers.canary import GUARD
from domain.answers.leaks import Watched
from domain.answers.prompts import rules
from domain.answers.templates import ANSWER
from domain.answers.wordings import Wordings
from domain.base.context import Context
from domain.base.language import language_of
from domain.models.completion import Attempt, CompletionRequest, Passage, Turn

CANARY = 20
"""Hexadecimal digits of a canary."""


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be answered: `questions`, which `name` asks, after the `history`. `interaction` answers it; flags go by the `subject`.

    `messages`: they go to the model as they are; None: the agent composes the prompt, of passages too, and `said` are the questions as
    they stand in it. `pinned`: the model that is wanted, as provider/model. The rest as in `CompletionRequest` and `Asked`.
    """

    interaction: UUID
    subject: UUID
    questions: tuple[str, ...]
    turns: int
    """Before the questions, in what the prompt is made of."""

    history: tuple[Turn, ...] = ()
    said: tuple[str, ...] | None = None
    name: str | None = None
    messages: tuple[Turn, ...] | None = None
    pinned: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    options: dict[str, float | int | str] = {}
    fresh: bool = False


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """`pending_documents`: those that no passage can come of yet. `disclosure`: that a machine answers, in the language of the questions;
    empty where the agent is not asked.

    `embeddings`: calls of embedding models, which whoever records the answer records with it.
    """

    started: float
    """By time.perf_counter()."""

    configuration: AgentConfiguration
    configuration_version: int
    template: str | None
    """That the agent has composed the prompt by; None where the messages are the prompt."""

    wordings: Wordings
    """What the agent's prompts and texts say."""

    language: str | None
    """Of the questions; None where it can't be told, or the agent is not asked."""

    disclosure: str
    passages: tuple[Passage, ...]
    pending_documents: int
    embeddings: tuple[Attempt, ...]
    asked: Asked

    @property
    def latency_ms(self) -> float:
        """Since it was begun."""
        return round((time.perf_counter() - self.started) * 1000, 3)

    @property
    def prompt(self) -> tuple[Turn, ...]:
        return self.asked.request.prompt


async def prepare(inquiry: Inquiry, context: Context, ports: Ports) -> Prepared:
    """Raises Invalid, or Refused for a model that is retired, where one is pinned."""
    started = time.perf_counter()
    settings, (wordings, _) = await asyncio.gather(
        settings_of(context.tenant, ports), wordings_of(context.tenant, store=ports.store)
    )
    prompt = inquiry.messages
    if prompt is None and not settings.flags.enabled("full_agent", str(inquiry.subject)):
        settings = msgspec.structs.replace(settings, configuration=settings.configuration.plain())
    configuration = settings.configuration
    passages: tuple[Passage, ...] = ()
    embeddings: list[Attempt] = []
    watched: Watched | None = None
    disclosure, language, pending_documents = "", None, 0
    async with ports.embedder.keeping(context, embeddings):
        if prompt is None:
            passages, pending_documents = await retrieve(
                context,
                inquiry.questions,
                configuration,
                embeddings,
                embedder=ports.embedder,
                vectors=ports.vectors,
            )
            said = inquiry.said or inquiry.questions
            prompt = await prompt_of(configuration, inquiry.history, passages, said, inquiry.name, wordings)
            language = language_of("\n".join(inquiry.questions))
            disclosure = configuration.disclosure_in(language)
            watched = await _watched(inquiry, configuration, wordings, context, ports)
        question = Question(
            prompt=prompt,
            questions=inquiry.questions,
            turns=inquiry.turns,
            pinned=inquiry.pinned,
            subject=inquiry.subject,
            documents=inquiry.messages is None,
        )
        counter, now = ports.providers.counter, ports.clock()
        chosen = await route(question, settings, tenant=context.tenant, counter=counter, at=now)
    return Prepared(
        started=started,
        configuration=configuration,
        configuration_version=settings.configuration_version,
        template=wordings.id_of(ANSWER.name) if inquiry.messages is None else None,
        wordings=wordings,
        language=language,
        disclosure=disclosure,
        passages=passages,
        pending_documents=pending_documents,
        embeddings=tuple(embeddings),
        asked=_asked(inquiry, settings, prompt, passages, chosen, watched, context.tenant),
    )


async def _watched(
    inquiry: Inquiry, configuration: AgentConfiguration, wordings: Wordings, context: Context, ports: Ports
) -> Watched:
    """The word in this interaction's system prompt, and the rules around it; what the agent is to say where it fits is no secret."""
    word = await ports.keyring.identify(context.tenant, "canary", str(inquiry.interaction))
    secret = rules(msgspec.structs.replace(configuration, disclaimers=()), wordings)
    return Watched(canary=word.hex[:CANARY], rules=f"{secret}\n{GUARD}")


def _asked(
    inquiry: Inquiry,
    settings: TenantSettings,
    prompt: tuple[Turn, ...],
    passages: tuple[Passage, ...],
    chosen: Route,
    watched: Watched | None,
    tenant: UUID,
) -> Asked:
    """Nothing is asked for that nobody has asked for; but the agent's answers have a length."""
    configuration, agents = settings.configuration, inquiry.messages is None
    answer_tokens, temperature, markers = None, inquiry.temperature, None
    if agents:
        answer_tokens = configuration.max_answer_tokens if inquiry.max_tokens is None else None
        temperature = configuration.temperature if temperature is None else temperature
        markers = len(passages) if configuration.attribution else 0
    return Asked(
        interaction=inquiry.interaction,
        route=chosen,
        request=CompletionRequest(
            model=chosen.routing.model,
            prompt=prompt,
            questions=inquiry.questions,
            passages=passages,
            max_tokens=inquiry.max_tokens,
            answer_tokens=answer_tokens,
            temperature=temperature,
            stop=inquiry.stop,
            options=inquiry.options,
        ),
        catalogue=settings.catalogue.under(settings.limits.ceiling),
        limits=settings.limits,
        configuration_version=settings.configuration_version if agents else 0,
        last_resort=agents,
        markers=markers,
        watched=watched,
        fresh=inquiry.fresh or not settings.flags.enabled("response_cache", str(tenant)),
    )
