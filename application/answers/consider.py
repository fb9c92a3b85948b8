"""Consider: what the messages say, and what is to be done about it, before anything is looked for or asked."""

from __future__ import annotations

import msgspec

from application.answers.inquiry import Inquiry, Understood
from application.answers.likeness import likeness_of
from application.answers.named_offers import named_offers, with_offers
from application.answers.ports import Ports
from application.answers.understand import Messages, understand_messages
from application.budgets.hold import Hold
from application.gateway.tenant_settings import TenantSettings
from application.retrieval.query import QuestionVector, vector_of
from domain.agents.agent import AgentConfiguration
from domain.answers.decision import ANSWER, decide
from domain.answers.memory import Memory, understood
from domain.answers.plan import Plan, Situation
from domain.answers.understanding import Business, Understanding
from domain.base.context import Context
from domain.models.completion import Attempt


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    understanding: Understanding | None = None
    """None: nobody asked."""

    plan: Plan = ANSWER
    memory: Memory = Memory()
    """With what the messages say."""

    vector: QuestionVector | None = None
    """Of the messages, where passages are to be looked for with it."""

    understood: Understood | None = None
    """The same, for when the answer begins again."""


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
    return Considered(
        understanding=known.understanding,
        plan=plan,
        memory=understood(inquiry.memory, known.understanding),
        vector=known.vector,
        understood=known,
    )


async def _understood(
    inquiry: Inquiry,
    settings: TenantSettings,
    attempts: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Understood:
    configuration = settings.configuration
    vector: QuestionVector | None = None
    likeness = 0.0
    if configuration.retrieve_documents:
        interaction, embedder = inquiry.interaction, ports.embedder
        vector = await vector_of(inquiry.questions, attempts, hold, interaction, context, embedder)
        likeness = await likeness_of(inquiry.questions, vector, embedder)
    messages = Messages(
        interaction=inquiry.interaction,
        texts=inquiry.questions,
        history=inquiry.history,
        likeness=likeness,
    )
    understanding = await understand_messages(
        messages, business_of(configuration), settings, attempts, hold, context, ports
    )
    if configuration.spelling_correction:
        found = await named_offers(inquiry.questions, context.tenant, ports.offers)
        understanding = with_offers(understanding, found)
    return Understood(
        questions=inquiry.questions,
        history=inquiry.history,
        understanding=understanding,
        vector=vector,
    )


def business_of(configuration: AgentConfiguration) -> Business:
    """What the tenant's business has words for."""
    return Business(
        names=configuration.business_names,
        topics=configuration.business_topics,
        aliases=configuration.business_aliases,
    )
