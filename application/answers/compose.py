"""Compose: what the messages say, what is to be done about it, and the prompt where a model is to be asked."""

from __future__ import annotations

import msgspec

from application.answers.conflicts import conflicts_between
from application.answers.consider import Considered, consider
from application.answers.inquiry import Inquiry
from application.answers.ports import Ports
from application.answers.prompt import prompt_of
from application.answers.screened import screened
from application.answers.window import window_of
from application.budgets.hold import Hold
from application.gateway.tenant_settings import TenantSettings
from application.retrieval.retrieve import QuestionVector, retrieve, vector_of
from domain.agents.agent import AgentConfiguration
from domain.answers.background import Background, facts_in_words
from domain.answers.canary import GUARD
from domain.answers.context_window import WITHOUT_VECTOR, Cut
from domain.answers.leaks import Watched
from domain.answers.memory import SMALL_TALK
from domain.answers.prompts import rules
from domain.answers.wordings import Wordings
from domain.base.context import Context
from domain.base.language import language_of
from domain.models.completion import Attempt, Passage, Turn
from domain.retrieval.conflicts.conflicts import NONE, Conflicts
from domain.retrieval.embedding_model import LOCAL

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
    pending_documents: int = 0
    language: str | None = None
    disclosure: str = ""
    watched: Watched | None = None
    cut: tuple[Cut, ...] = ()


async def composed_prompt(
    inquiry: Inquiry,
    settings: TenantSettings,
    wordings: Wordings,
    embeddings: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Composed:
    # Long: what the prompt is made of, in the order in which the parts are found, is read in one go.
    if inquiry.messages is not None:
        return Composed(prompt=inquiry.messages, questions=inquiry.questions, turns=inquiry.turns)
    configuration, considered, language = settings.configuration, Considered(), None
    if inquiry.situation is not None:
        considered = await consider(inquiry, inquiry.situation, settings, embeddings, hold, context, ports)
        assert considered.understanding is not None
        language = considered.understanding.language or inquiry.memory.language
    else:
        language = language_of("\n".join(inquiry.questions))
    disclosure, plan = configuration.disclosure_in(language), considered.plan
    if plan.say is not None:
        return Composed(
            prompt=(),
            questions=inquiry.questions,
            turns=inquiry.turns,
            considered=considered,
            language=language,
            disclosure=disclosure,
        )
    questions = plan.questions or inquiry.questions
    vector = considered.vector if questions == inquiry.questions else None
    if vector is None and configuration.retrieve_documents:
        vector = await vector_of(questions, embeddings, hold, inquiry.interaction, context, ports.embedder)
    passages, pending_documents = await retrieve(
        context,
        questions,
        configuration,
        vector or QuestionVector(model=LOCAL),
        vectors=ports.vectors,
        store=ports.store,
    )
    passages, suspicious = await screened(passages, configuration)
    said = plan.questions or inquiry.said or inquiry.questions
    background = _background(inquiry, considered)
    window = await window_of(
        inquiry.history,
        passages,
        background.summary,
        (rules(configuration, wordings), *said, *background.facts, *background.wants),
        settings,
        tenant=context.tenant,
        counter=ports.providers.counter,
    )
    background = msgspec.structs.replace(background, summary=window.summary)
    conflicts = await conflicts_between(window.passages, context.tenant, store=ports.store)
    return Composed(
        prompt=await prompt_of(
            configuration,
            window.history,
            window.passages,
            said,
            inquiry.name,
            wordings,
            background,
            conflicts.found,
        ),
        questions=questions,
        turns=inquiry.turns - len(inquiry.history) + len(window.history),
        considered=considered,
        passages=window.passages,
        conflicts=conflicts,
        pending_documents=pending_documents,
        language=language,
        disclosure=disclosure,
        watched=await _watched(inquiry, configuration, wordings, context, ports),
        cut=(*((WITHOUT_VECTOR,) if vector is not None and vector.missing else ()), *suspicious, *window.cut),
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
    secret = rules(msgspec.structs.replace(configuration, disclaimers=()), wordings)
    return Watched(canary=word.hex[:CANARY], rules=f"{secret}\n{GUARD}")
