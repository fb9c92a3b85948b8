"""The configuration of a tenant's agent: how it speaks, what it may do, how it decides, retrieves and answers. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from domain.agents.chunk_sizes import ChunkSizes
from domain.agents.disclosures import DISCLOSURES, ENGLISH
from domain.agents.nobody_came import NOBODY_CAME, NOBODY_CAME_IN
from domain.base.errors import Invalid
from domain.base.patterns import LANGUAGE

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Language = Annotated[str, Meta(pattern=LANGUAGE)]
"""ISO 639-1."""
Limit = Annotated[int, Meta(ge=1, le=50)]

LINES = 100
"""Entries of a list that stands in every prompt, at most."""

ELSEWHERE = {"embedding_model": "PUT /v1/embedding-model sets it"}
"""Fields of the first recorded configurations that are none of a configuration now, and what sets them."""

ONCE_WITHOUT_EFFECT = (
    *ELSEWHERE,
    "rich_messages",
    "suggestions",
    "feedback",
    "semantic_weight",
    "keyword_weight",
    "retrieve_internet",
    "internet_results",
    "retrieve_database",
    "database_results",
)
"""Those that changed nothing when the first configurations were recorded."""


class AgentConfiguration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that a tenant sets about its agent; the defaults are a new tenant's. Models are `provider/model`."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] = "Assistant"
    personality: tuple[Text, ...] = ("friendly", "precise")
    tone: Text = "professional"
    default_model: Text = "local/extractive"
    fallback_models: tuple[Text, ...] = ()
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_answer_tokens: Annotated[int, Meta(ge=16, le=16000)] = 500
    restrictions: tuple[Text, ...] = ()
    disclaimers: tuple[Text, ...] = ()
    can_do: tuple[Text, ...] = ("answer questions about our products, services and policies",)
    cannot_do: tuple[Text, ...] = ()
    disclosure: Text = ENGLISH
    """That a machine answers. As it is here, it is said in the customer's language, where we have it (domain/agents/disclosures.py); worded
    otherwise, it is said like that to all for whose language `disclosures` has nothing."""

    disclosures: Annotated[dict[Language, Text], Meta(max_length=60)] = {}
    """The same by language."""

    disclose_completions: Literal["off", "field", "text"] = "field"
    """Where the first answer of a conversation over the completions API says it: nowhere (the app does), beside the answer, or before its text."""

    out_of_budget: Text = "I can't answer this right now. A colleague will get back to you."
    """Said where the budget is gone and forbids to go on with a cheaper model."""

    quiet_seconds: Annotated[float, Meta(ge=0, le=30)] = 1.2
    """How long a customer for whom no request waits must have written nothing before their messages are answered together."""

    burst_seconds: Annotated[float, Meta(ge=0, le=60)] = 5.0
    """After the first of them it is done, whatever still comes."""

    handoff_minutes: Annotated[float, Meta(gt=0, le=10_080)] = 30.0
    """How long a customer waits for a person. After that the agent has the conversation again."""

    handoff_expired: Text = NOBODY_CAME
    """What it says then. As it is here, it is said in the customer's language, where we have it (domain/agents/nobody_came.py)."""

    handoff_topics: Annotated[tuple[Text, ...], Meta(max_length=100)] = ()
    """What a person is to answer: words that a message holds, one behind the other, or the name of what is wanted, as `complaint`
    (docs/understanding.md)."""

    confidence_threshold: Annotated[float, Meta(ge=0, le=1)] = 0.3
    """The second answer in a row below it hands over to a person, where the tenant has documents. 0: never."""

    on_injection: Literal["answer", "decline", "hand_over"] = "decline"
    """What becomes of messages that give the agent orders."""

    hand_over_out_of_budget: bool = False
    """Whether a person takes over where the budget is gone and forbids to ask a model; else the next message is tried again."""

    handoff_after_failures: Annotated[int, Meta(ge=0, le=100)] = 6
    """After so many tries without any model's answer a person is to give it. 0: never."""

    spelling_correction: bool = True
    """Whether customers are asked what they mean where a word may be one of the business's."""

    understanding_model: Text | None = None
    """That tells what messages say, as provider/model; None: rules do (docs/understanding.md)."""

    business_names: Annotated[tuple[Text, ...], Meta(max_length=2000)] = ()
    """Of products and services, as they are written."""

    business_topics: Annotated[tuple[Text, ...], Meta(max_length=500)] = ()
    """What the business deals with."""

    business_aliases: Annotated[dict[Text, Text], Meta(max_length=2000)] = {}
    """Informal names and abbreviations, and the name that each stands for."""

    session_minutes: Annotated[float, Meta(gt=0, le=525_600)] = 30.0
    """Without activity, after which a session has ended: what it was about is then the earlier topic."""

    summaries: Literal["model", "rules"] = "model"
    """Who sums up what was said long ago: the model for plain questions, paid like its answers, or rules. Without a model it is rules."""

    feedback: Literal["always", "sometimes", "never"] = "never"
    """Of which of its answers by WhatsApp it asks whether they helped; `sometimes`: of `feedback_percentage` of them, by chance that stays the same."""

    feedback_percentage: Annotated[int, Meta(ge=1, le=100)] = 20

    feedback_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """How long an answer can be rated, by whatever way."""

    context_tokens: Annotated[int, Meta(ge=1_000, le=10_000_000)] = 16_000
    """Of a prompt, at most; less where no model that may be asked takes as many."""

    retrieve_documents: bool = True
    attribution: bool = True
    attribution_style: Literal["markers", "inline", "endnotes"] = "markers"
    """How an answer to a customer shows what it cites: by numbers alone, whose meaning is told beside the text; in brackets in its sentences; or by
    numbers with notes at its end."""

    document_results: Limit = 5
    smallest_chunk: Annotated[int, Meta(ge=50, le=1_450)] = 300
    """Tokens of a passage of a document, at least (the last one of a text may be shorter). What is processed from then on is cut so; other
    documents keep their passages until they are processed again. Knowledge entries are always cut by the defaults."""

    largest_chunk: Annotated[int, Meta(ge=100, le=1_500)] = 500
    """And at most."""

    chunk_overlap: Annotated[int, Meta(ge=0, le=500)] = 50
    """Tokens of the end of a passage with which the next one begins."""

    semantic_weight: Annotated[float, Meta(ge=0, le=1)] = 0.7
    """What similarity in meaning counts where passages are ranked, in proportion to `keyword_weight`."""

    keyword_weight: Annotated[float, Meta(ge=0, le=1)] = 0.3
    """What the question's words count. 0: nothing. Order numbers, prices and addresses that were found count at least their share of the question."""

    fusion: Literal["weighted", "reciprocal_rank"] = "weighted"
    """How both are merged: by their scores with these weights, or by their ranks alone."""

    synonyms: Annotated[
        tuple[Annotated[tuple[Text, ...], Meta(max_length=20)], ...], Meta(max_length=500)
    ] = ()
    """Words and phrases that mean the same to the business and its customers: who asks with one of a group is found what has another."""

    retrieve_database: bool = True
    """Whether what is looked for is looked for in the shop's books too: offers of the catalogue, and what the customer has ordered and booked."""

    database_results: Limit = 3
    """Passages of an answer that may be offers by their name; and as many that may be purchases."""

    retrieve_internet: bool = False
    """Whether products of which the catalogue says little, and those of `brands`, are looked up on the internet, where the deployment has a search."""

    internet_results: Limit = 3
    """Passages of an answer that may be from there."""

    brands: Annotated[tuple[Text, ...], Meta(max_length=500)] = ()
    """Whose products are looked up, however much the catalogue says."""

    suggestions: bool = False
    """Whether what goes with something of the catalogue is suggested behind an answer about it (docs/suggestions.md)."""

    most_suggestions: Annotated[int, Meta(ge=1, le=3)] = 2
    """Behind one answer."""

    rich_messages: bool = True
    """Whether a text that asks to choose, or suggests something, goes out with buttons or a list to open, where the channel has them."""

    ELSEWHERE: ClassVar[Mapping[str, str]] = ELSEWHERE
    """Fields that are not set here. Whoever sends one is told what sets it."""

    def disclosure_in(self, language: str | None) -> str:
        """None: the language can't be told."""
        if language is not None and language in self.disclosures:
            return self.disclosures[language]
        return DISCLOSURES.get(language or "", ENGLISH) if self.disclosure == ENGLISH else self.disclosure

    def handoff_expired_in(self, language: str | None) -> str:
        """None: the language can't be told."""
        ours = self.handoff_expired == NOBODY_CAME
        return NOBODY_CAME_IN.get(language or "", NOBODY_CAME) if ours else self.handoff_expired

    @property
    def chunk_sizes(self) -> ChunkSizes:
        """What documents are cut into."""
        return ChunkSizes(
            smallest=self.smallest_chunk, largest=self.largest_chunk, overlap=self.chunk_overlap
        )

    def plain(self) -> AgentConfiguration:
        """Of the agent that answers from its configuration alone."""
        return msgspec.structs.replace(self, retrieve_documents=False, suggestions=False)

    def check(self) -> None:
        """Of one that somebody sends. Raises Invalid."""
        for name in ("name", "tone", "disclosure", "out_of_budget", "handoff_expired"):
            if not getattr(self, name).strip():
                raise Invalid(
                    f"{name} is read by people or by the model; it has one visible character at least"
                )
        for language, text in self.disclosures.items():
            if not text.strip():
                raise Invalid(
                    f"disclosures.{language} tells customers that a machine answers; it can't be blank"
                )
        for name in ("personality", "restrictions", "disclaimers", "can_do", "cannot_do", "fallback_models"):
            if len(getattr(self, name)) > LINES:
                raise Invalid(
                    f"{name} has at most {LINES} entries: all of them stand in every prompt, or are asked in turn"
                )
        self.check_together()

    def check_together(self) -> None:
        """Whether its fields go together: all that is asked of one that was in force before, when less was asked of what is sent. Raises Invalid."""
        if self.quiet_seconds > self.burst_seconds:
            raise Invalid(
                "quiet_seconds is no longer than burst_seconds, which is the longest that it may last in all"
            )
        if any(len(set(group)) < 2 for group in self.synonyms):
            raise Invalid("synonyms are groups of two words or phrases at least that mean the same")
        if self.semantic_weight + self.keyword_weight == 0:
            raise Invalid("semantic_weight or keyword_weight is above 0")
        self.chunk_sizes.check()
        own = () if self.understanding_model is None else (self.understanding_model,)
        for model in (self.default_model, *self.fallback_models, *own):
            if not all(model.partition("/")[::2]):
                raise Invalid(f"model {model!r} is not of the form provider/model, as local/extractive")
