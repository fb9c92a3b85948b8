"""Compose: what the messages say, what is to be done about it, and the prompt where a model is to be asked."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from application.answers.conflicts import conflicts_between
from application.answers.consider import Considered, consider, consider_screened
from application.answers.grounds import grounds_of
from application.answers.inquiry import Inquiry
from application.answers.ports import Ports
from application.answers.prompt import prompt_of
from application.answers.screened import screened_facts, screened_inquiry
from application.answers.suggesting.look import known_to_suggest
from application.answers.suggesting.pictures import pictured_offers
from application.answers.window import window_of
from application.budgets.hold import Hold
from application.gateway.tenant_settings import TenantSettings
from application.retrieval.query import query_of
from application.retrieval.retrieve import Retrieval
from domain.agents.agent import AgentConfiguration
from domain.answers.background import Background, facts_in_words
from domain.answers.canary import GUARD
from domain.answers.context_window import Cut
from domain.answers.leaks import Watched
from domain.answers.memory import SMALL_TALK
from domain.answers.pictured import Pictured
from domain.answers.prompts import rules
from domain.answers.suggesting.known import NOTHING as NOTHING_KNOWN
from domain.answers.suggesting.known import Known
from domain.answers.wordings import Wordings
from domain.base.context import Context
from domain.base.language import language_of
from domain.models.completion import Attempt, Passage, Turn
from domain.retrieval.conflicts.conflicts import NONE, Conflicts

CANARY = 20
"""Hexadecimal digits of a canary."""


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """The prompt, and what it was made of. It is empty where no model is to be asked."""

    prompt: tuple[Turn, ...]
    questions: tuple[str, ...]
    turns: int
    considered: Considered = Considered()
    passages: tuple[Passage, ...] = ()
    conflicts: Conflicts = NONE
    looked_for: str = ""
    retrieval: Retrieval | None = None
    language: str | None = None
    disclosure: str = ""
    watched: Watched | None = None
    cut: tuple[Cut, ...] = ()
    known: Known = NOTHING_KNOWN
    """What may be suggested."""

    pictured: tuple[Pictured, ...] = ()
    """Offers among the passages that a card can show."""

    @property
    def goes_on_from(self) -> str:
        """What the passages were looked for with beside the questions; empty where that is nothing."""
        own = query_of(self.questions)
        return self.looked_for[len(own) :].strip() if self.looked_for.startswith(own) else ""


async def composed_prompt(
    inquiry: Inquiry,
    settings: TenantSettings,
    wordings: Wordings,
    embeddings: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Composed:
    """The parts in the order in which they are found; what is cut was not in time, does not fit, or is not to be gone by."""
    if inquiry.messages is not None:
        return Composed(prompt=inquiry.messages, questions=inquiry.questions, turns=inquiry.turns)
    configuration = settings.configuration
    inquiry, orders = await screened_inquiry(inquiry, configuration)
    composed = await _considered(inquiry, settings, embeddings, hold, context, ports)
    considered = composed.considered
    if considered.plan.say is not None:
        return replace(composed, cut=orders)
    grounds = await grounds_of(inquiry, considered, configuration, embeddings, hold, context, ports)
    said = considered.plan.questions or inquiry.said or inquiry.questions
    background = _background(inquiry, considered)
    facts, suspicious = await screened_facts(background.facts, inquiry, configuration)
    background = replace(background, facts=facts)
    window = await window_of(
        inquiry.history,
        grounds.passages,
        background.summary,
        (rules(configuration, wordings), *said, *background.facts, *background.wants),
        settings,
        tenant=context.tenant,
        counter=ports.providers.counter,
    )
    background = replace(background, summary=window.summary)
    history, passages = window.history, window.passages
    conflicts = await conflicts_between(passages, context.tenant, store=ports.store)
    known = await known_to_suggest(inquiry, considered, passages, configuration, context, ports)
    return replace(
        composed,
        known=known,
        pictured=await pictured_offers(inquiry, passages, configuration, context.tenant, ports),
        prompt=await prompt_of(
            configuration, history, passages, said, inquiry.name, wordings, background, conflicts.found
        ),
        questions=grounds.questions,
        turns=inquiry.turns - len(inquiry.history) + len(history),
        passages=passages,
        conflicts=conflicts,
        looked_for=grounds.looked_for,
        retrieval=grounds.retrieval,
        watched=await _watched(inquiry, configuration, wordings, context, ports),
        cut=(*orders, *suspicious, *grounds.cut, *window.cut),
    )


async def _considered(
    inquiry: Inquiry,
    settings: TenantSettings,
    embeddings: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Composed:
    """What the messages say, and what is to be done about it; there is no prompt yet."""
    if inquiry.situation is not None:
        considered = await consider(inquiry, inquiry.situation, settings, embeddings, hold, context, ports)
        assert considered.understanding is not None
        language = considered.understanding.language or inquiry.memory.language
    else:
        configuration = settings.configuration
        considered = await consider_screened(inquiry, configuration, embeddings, hold, context, ports)
        language = language_of("\n".join(inquiry.questions))
    return Composed(
        prompt=(),
        questions=inquiry.questions,
        turns=inquiry.turns,
        considered=considered,
        language=language,
        disclosure=settings.configuration.disclosure_in(language),
    )


def _background(inquiry: Inquiry, considered: Considered) -> Background:
    understanding = considered.understanding
    wanted = () if understanding is None or considered.plan.questions else understanding.intents
    wants = tuple(each.text for each in wanted if each.name not in SMALL_TALK and each.text.strip())
    return Background(
        summary=inquiry.summary,
        facts=facts_in_words([(fact.kind, fact.value) for fact in inquiry.memory.facts]),
        wants=wants if len(wants) > 1 else (),
    )


async def _watched(
    inquiry: Inquiry, configuration: AgentConfiguration, wordings: Wordings, context: Context, ports: Ports
) -> Watched:
    """The word in this interaction's system prompt, and the rules around it; what the agent is to say where it fits is no secret."""
    word = await ports.keyring.identify(context.tenant, "canary", str(inquiry.interaction))
    secret = rules(replace(configuration, disclaimers=()), wordings)
    return Watched(canary=word.hex[:CANARY], rules=f"{secret}\n{GUARD}")
