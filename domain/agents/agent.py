"""The agent of a tenant: how it speaks, what it may do, how it retrieves and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from domain.agents.disclosures import DISCLOSURES, ENGLISH
from domain.agents.nobody_came import NOBODY_CAME, NOBODY_CAME_IN
from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid
from domain.base.one_per_tenant import OnePerTenant

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Language = Annotated[str, Meta(pattern="^[a-z]{2}$")]
"""ISO 639-1."""
Limit = Annotated[int, Meta(ge=1, le=50)]

_WITHOUT_EFFECT = (
    "confidence_threshold",
    "suggestions",
    "spelling_correction",
    "rich_messages",
    "retrieve_database",
    "retrieve_internet",
    "feedback",
    "database_results",
    "internet_results",
    "semantic_weight",
    "keyword_weight",
    "embedding_model",
)
"""Fields of recorded configurations that never changed anything."""


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

    retrieve_documents: bool = True
    attribution: bool = True
    document_results: Limit = 5

    NOT_YET: ClassVar[frozenset[str]] = frozenset(_WITHOUT_EFFECT)
    """Fields of later versions. Whoever sets one is told so; it comes when it changes something."""

    def disclosure_in(self, language: str | None) -> str:
        """None: the language can't be told."""
        if language is not None and language in self.disclosures:
            return self.disclosures[language]
        return DISCLOSURES.get(language or "", ENGLISH) if self.disclosure == ENGLISH else self.disclosure

    def handoff_expired_in(self, language: str | None) -> str:
        """None: the language can't be told."""
        ours = self.handoff_expired == NOBODY_CAME
        return NOBODY_CAME_IN.get(language or "", NOBODY_CAME) if ours else self.handoff_expired

    def plain(self) -> AgentConfiguration:
        """Of the agent that answers from its configuration alone."""
        return msgspec.structs.replace(self, retrieve_documents=False)

    def check(self) -> None:
        """Raises Invalid."""
        if self.quiet_seconds > self.burst_seconds:
            raise Invalid(
                "quiet_seconds is no longer than burst_seconds, which is the longest that it may last in all"
            )
        for model in (self.default_model, *self.fallback_models):
            if not all(model.partition("/")[::2]):
                raise Invalid(f"model {model!r} is not of the form provider/model, as local/extractive")


class AgentState(msgspec.Struct):
    configuration: AgentConfiguration = AgentConfiguration()


class Agent(OnePerTenant[AgentState]):
    """One per tenant; its version is the configuration's version."""

    TOPIC = "agent"
    State = AgentState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "agent.created"

    class Configured(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "agent.configured"
        class_version: ClassVar[int] = 5
        configuration: AgentConfiguration

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version has a default."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            for name in _WITHOUT_EFFECT:
                facts["configuration"].pop(name, None)

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """What is new in the fourth version has a default."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """What is new in the fifth version has a default."""

        def apply(self, aggregate: Agent) -> None:
            aggregate.state.configuration = self.configuration

    class Restored(Event, frozen=True, kw_only=True):
        """The configuration of `from_version` holds again."""

        TOPIC: ClassVar[str] = "agent.restored"
        class_version: ClassVar[int] = 3
        from_version: int
        configuration: AgentConfiguration

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version has a default."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """What is new in the third version has a default."""

        def apply(self, aggregate: Agent) -> None:
            aggregate.state.configuration = self.configuration

    def configure(self, configuration: AgentConfiguration, at: datetime) -> None:
        configuration.check()
        if configuration != self.state.configuration:
            self.trigger(self.Configured, at=at, configuration=configuration)

    def take_back(self, version: int, configuration: AgentConfiguration, at: datetime) -> None:
        """Put the configuration of an earlier version in force again."""
        if version > self.version:
            raise Invalid(f"there is no version {version} yet; the present one is {self.version}")
        if configuration != self.state.configuration:
            self.trigger(self.Restored, at=at, from_version=version, configuration=configuration)
