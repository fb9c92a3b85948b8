"""Grounds: the passages that an answer may rest on, and what is told of those that it can't."""

from __future__ import annotations

import msgspec

from application.answers.consider import Considered
from application.answers.inquiry import Inquiry
from application.answers.looked_for import looked_for
from application.answers.named_offers import offer_meant
from application.answers.ports import Ports
from application.answers.screened import screened
from application.budgets.hold import Hold
from application.retrieval.query import Query, QuestionVector, fusion_of, query_of, vector_of
from application.retrieval.retrieve import Retrieval
from domain.agents.agent import AgentConfiguration
from domain.answers.context_window import WITHOUT_VECTOR, Cut, not_asked
from domain.answers.memory import viewed
from domain.answers.understanding.spelling import as_meant
from domain.base.context import Context
from domain.models.completion import Attempt, Passage


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """`questions`: that the passages are for, as they are meant; `looked_for`: what they were looked for with, where that is more. `cut`: what is not among them, and why. `retrieval`: None: nothing was looked for."""

    questions: tuple[str, ...]
    looked_for: str = ""
    passages: tuple[Passage, ...] = ()
    cut: tuple[Cut, ...] = ()
    retrieval: Retrieval | None = None


async def grounds_of(
    inquiry: Inquiry,
    considered: Considered,
    configuration: AgentConfiguration,
    embeddings: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Grounds:
    """None where the tenant has it switched off. A call of an embedding model is put to `embeddings`, what is held for it to `hold`."""
    questions = considered.plan.questions or _as_meant(inquiry, considered, configuration)
    if not configuration.retrieve_documents:
        return Grounds(questions=questions)
    if considered.plan.questions:  # which say it all
        text, vector = query_of(questions), None
    else:
        text = looked_for(msgspec.structs.replace(inquiry, questions=questions))
        vector = considered.vector if questions == inquiry.questions else None
    if vector is None:
        vector = await vector_of(text, embeddings, hold, inquiry.interaction, context, ports.embedder)
    query = _query(text, vector, inquiry, considered, configuration, context)
    found = await ports.retriever.retrieve(query)
    passages, suspicious = await screened(found.passages, configuration)
    missing = (WITHOUT_VECTOR,) if vector.missing else ()
    return Grounds(
        questions=questions,
        looked_for="" if text == query_of(questions) else text,
        passages=passages,
        cut=(*missing, *not_asked(found.lookups), *suspicious),
        retrieval=found,
    )


def _as_meant(inquiry: Inquiry, considered: Considered, configuration: AgentConfiguration) -> tuple[str, ...]:
    """What the customer is not asked about is looked for as it is surely meant."""
    understood = considered.understanding
    if understood is None or not configuration.spelling_correction:
        return inquiry.questions
    questions = tuple(as_meant(question, understood.sure_of) for question in inquiry.questions)
    name = offer_meant(understood)
    if name is None or name.casefold() in "\n".join(questions).casefold():
        return questions
    return (*questions[:-1], f"{name}: {questions[-1]}")


def _query(
    text: str,
    vector: QuestionVector,
    inquiry: Inquiry,
    considered: Considered,
    configuration: AgentConfiguration,
    context: Context,
) -> Query:
    understood = considered.understanding
    return Query(
        tenant=context.tenant,
        text=text,
        vector=vector,
        limit=configuration.document_results,
        fusion=fusion_of(configuration),
        synonyms=configuration.synonyms,
        interests=viewed(considered.memory),
        likings=considered.memory.liked,
        database=configuration.database_results if configuration.retrieve_database else 0,
        customer=None if inquiry.situation is None else inquiry.subject,
        internet=configuration.internet_results if configuration.retrieve_internet else 0,
        brands=configuration.brands,
        wants=frozenset() if understood is None else frozenset(each.name for each in understood.intents),
        dates=()
        if understood is None
        else tuple(each.value for each in understood.entities if each.kind == "date"),
    )
