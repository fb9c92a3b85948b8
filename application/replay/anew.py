"""What of a recorded answer is done anew, and is not taken from the record: what is understood, and what is looked for."""

from __future__ import annotations

from uuid import UUID

from msgspec.structs import replace

from application.answers.inquiry import Inquiry
from application.learning.recorded import RecordedAnswer
from domain.agents.agent import AgentConfiguration
from domain.answers.variant import Variant
from domain.retrieval.embedding_model import LOCAL

RETRIEVAL = frozenset(
    {
        "retrieve_documents",
        "document_results",
        "retrieve_database",
        "database_results",
        "fusion",
        "semantic_weight",
        "keyword_weight",
        "synonyms",
    }
)
UNDERSTANDING = frozenset(
    {"understanding_model", "business_names", "business_topics", "business_aliases", "spelling_correction"}
)
"""Fields of the configuration that change what is found, and what is understood: then it is done anew."""


def searches_anew(variant: Variant) -> bool:
    return bool(RETRIEVAL & set(variant.configuration))


def understands_anew(variant: Variant) -> bool:
    return bool(UNDERSTANDING & set(variant.configuration))


def asked_on_the_way(
    inquiry: Inquiry, configuration: AgentConfiguration, *, searches: bool, space: str
) -> str | None:
    """Why a model is asked, and paid, before the answer's own is; None: none is. `searches`: passages are looked for, in the vector space `space`."""
    if inquiry.messages is not None:
        return None
    understands = inquiry.situation is not None and inquiry.understood is None
    if understands and configuration.understanding_model is not None:
        return "a model is asked what the messages say"
    if searches and configuration.retrieve_documents and space != LOCAL:
        return "passages are looked for by a model that is asked"
    return None


def inquiry_again(recorded: RecordedAnswer, variant: Variant, interaction: UUID) -> Inquiry:
    """As it was; what it was understood to say is left out where that is done anew."""
    inquiry = replace(recorded.inquiry, interaction=interaction, suggests=True)
    anew = understands_anew(variant) or searches_anew(variant)
    return replace(inquiry, understood=None) if anew else inquiry
