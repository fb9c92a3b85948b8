"""The agent of a tenant: how it speaks, what it may do, how it retrieves and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.base import Aggregate, CreatedEvent, one_per_tenant
from domain.errors import Invalid

Text = Annotated[str, Meta(min_length=1, max_length=2000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Limit = Annotated[int, Meta(ge=1, le=50)]


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
    disclosure: Text = "You are talking to an automated assistant."
    out_of_budget: Text = "I can't answer this right now. A colleague will get back to you."
    """Said where the budget is gone and forbids to go on with a cheaper model."""

    confidence_threshold: Share = 0.3
    suggestions: bool = True
    spelling_correction: bool = True
    rich_messages: bool = True
    retrieve_documents: bool = True
    retrieve_database: bool = True
    retrieve_internet: bool = False
    attribution: bool = True
    feedback: Literal["always", "sometimes", "never"] = "sometimes"
    document_results: Limit = 5
    database_results: Limit = 5
    internet_results: Limit = 3
    semantic_weight: Share = 0.7
    keyword_weight: Share = 0.3
    embedding_model: Text = "local/wordllama-256"

    def plain(self) -> AgentConfiguration:
        """Of the agent that answers from its configuration alone."""
        return msgspec.structs.replace(self, retrieve_documents=False)

    def check(self) -> None:
        """Raise Invalid where fields do not go together."""
        if abs(self.semantic_weight + self.keyword_weight - 1) > 1e-9:
            raise Invalid("semantic_weight and keyword_weight must add up to 1")
        for model in (self.default_model, *self.fallback_models, self.embedding_model):
            if not all(model.partition("/")[::2]):
                raise Invalid(f"model {model!r} is not of the form provider/model, as local/extractive")


class AgentState(msgspec.Struct):
    configuration: AgentConfiguration = AgentConfiguration()


class Agent(Aggregate[AgentState]):
    """One per tenant; its version is the configuration's version."""

    TOPIC = "agent"
    State = AgentState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "agent.created"

    class Configured(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "agent.configured"
        class_version: ClassVar[int] = 2
        configuration: AgentConfiguration

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version has a default."""

        def apply(self, aggregate: Agent) -> None:
            aggregate.state.configuration = self.configuration

    @staticmethod
    def id_of(tenant: UUID) -> UUID:
        """The agent's id follows from its tenant's."""
        return one_per_tenant(tenant, "agent")

    @classmethod
    def begin(cls, tenant: UUID, at: datetime) -> Agent:
        return cls.create(cls.Created, id=cls.id_of(tenant), at=at)

    def configure(self, configuration: AgentConfiguration, at: datetime) -> None:
        configuration.check()
        if configuration != self.state.configuration:
            self.trigger(self.Configured, at=at, configuration=configuration)
