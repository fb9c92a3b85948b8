"""Consider: what the messages say, and what is to be done about it, before anything is looked for or asked."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec

from application.answers.inquiry import Inquiry, Understood
from application.answers.likeness import likeness_of
from application.answers.looked_for import looked_for
from application.answers.named_offers import named_offers, with_offers
from application.answers.ports import Ports
from application.answers.understand import INLINE, Messages, understand_messages
from application.base.steps import step
from application.budgets.hold import Hold
from application.gateway.tenant_settings import TenantSettings
from application.retrieval.query import QuestionVector, query_of, vector_of
from domain.agents.agent import AgentConfiguration
from domain.answers.acting.rules import by_rule
from domain.answers.decision import ANSWER, INJECTED, decide, decide_screened
from domain.answers.memory import Memory, understood
from domain.answers.plan import Plan, Situation
from domain.answers.understanding import Business, Screened, Understanding
from domain.answers.understanding.screening import screen
from domain.base.context import Context
from domain.models.completion import Attempt


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    understanding: Understanding | None = None
    """None: nobody asked."""

    plan: Plan = ANSWER
    memory: Memory = Memory()
    """With what the messages say; nothing of it where they give orders to the agent."""

    vector: QuestionVector | None = None
    """Of the messages, where passages are to be looked for with it."""

    understood: Understood | None = None
    """The same, for when the answer begins again."""


@step("understand")
async def consider(
    inquiry: Inquiry,
    situation: Situation,
    settings: TenantSettings,
    attempts: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Considered:
    """What a model was asked for it is put to `attempts`, for the caller's record, and what is held for it to `hold`."""
    configuration = settings.configuration
    known = inquiry.understood
    if known is None or (known.questions, known.history) != (inquiry.questions, inquiry.history):
        known = await _understood(inquiry, settings, attempts, hold, context, ports)
    plan = decide(known.understanding, situation, inquiry.questions, configuration)
    said = plan.questions or inquiry.questions
    plan = by_rule(plan, known.understanding, inquiry.memory, said, settings.actions)
    return Considered(
        understanding=known.understanding,
        plan=plan,
        memory=inquiry.memory
        if plan.decision.category == INJECTED
        else understood(inquiry.memory, known.understanding),
        vector=known.vector,
        understood=known,
    )


async def consider_screened(
    inquiry: Inquiry,
    configuration: AgentConfiguration,
    attempts: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Considered:
    """Of an app's messages to the agent, which are the app's to understand: whether they give the agent orders, and are declined therefore."""
    if not inquiry.screens:
        return Considered()
    vector, likeness = await _likened(inquiry, configuration, attempts, hold, context, ports)
    found = await _screened(inquiry, likeness)
    return Considered(plan=decide_screened(found, configuration), vector=vector)


async def _understood(
    inquiry: Inquiry,
    settings: TenantSettings,
    attempts: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Understood:
    configuration = settings.configuration
    vector, likeness = await _likened(inquiry, configuration, attempts, hold, context, ports)
    messages = Messages(
        interaction=inquiry.interaction,
        texts=inquiry.questions,
        said=inquiry.said or (),
        history=inquiry.history,
        likeness=likeness,
    )
    understanding = await understand_messages(
        messages, business_of(configuration), settings, attempts, hold, context, ports
    )
    if configuration.spelling_correction or (configuration.suggestions and inquiry.suggests):
        look = partial(named_offers, inquiry.questions, context.tenant, ports.offers)
        # The catalogue that is read for one answer is there for the next.
        found = (await ports.in_time.ask({"offers": look}, goes_on=True))["offers"].value
        understanding = with_offers(understanding, found or ())
    return Understood(
        questions=inquiry.questions,
        history=inquiry.history,
        understanding=understanding,
        vector=vector,
    )


async def _likened(
    inquiry: Inquiry,
    configuration: AgentConfiguration,
    attempts: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> tuple[QuestionVector | None, float]:
    """The vector that passages are looked for with, if any are, and how like known orders the messages are by it."""
    if not configuration.retrieve_documents:
        return None, 0.0
    asked, questions, embedder = looked_for(inquiry), inquiry.questions, ports.embedder
    vector = await vector_of(asked, attempts, hold, inquiry.interaction, context, embedder)
    alone = vector if asked == query_of(questions) else None
    return vector, await likeness_of(questions, alone, embedder)


async def _screened(inquiry: Inquiry, likeness: float) -> Screened:
    text = "\n".join(inquiry.said or inquiry.questions)
    if len(text) <= INLINE:
        return screen(text, likeness=likeness)
    return await asyncio.to_thread(lambda: screen(text, likeness=likeness))


def business_of(configuration: AgentConfiguration) -> Business:
    """What the tenant's business has words for."""
    return Business(
        names=configuration.business_names,
        topics=configuration.business_topics,
        aliases=configuration.business_aliases,
    )
