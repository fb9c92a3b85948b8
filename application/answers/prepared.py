"""What an answer rests on, before a model is asked for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.answers.consider import Considered
from application.answers.inquiry import Inquiry as Inquiry
from application.budgets.hold import Hold
from application.gateway.run import Asked
from application.retrieval.retrieve import Retrieval
from domain.actions.declaration import Action
from domain.agents.agent import AgentConfiguration
from domain.answers.context_window import Cut
from domain.answers.pictured import Pictured
from domain.answers.suggesting.known import NOTHING, Known
from domain.answers.wordings import Wordings
from domain.models.completion import Attempt, Citation, Passage, Turn
from domain.retrieval.conflicts.conflicts import Conflict
from domain.retrieval.results.figures import RetrievalFigures, retrieval_figures


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """`disclosure`: that a machine answers, in the language of the questions;
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
    sources: tuple[str, ...]
    """What of each passage a citation may rest on."""

    looked_for: str
    """What passages were looked for with, where that is more than the questions."""

    retrieval: Retrieval | None
    """What came of looking for passages; None: none were looked for."""

    embeddings: tuple[Attempt, ...]
    held: Hold
    """What these hold of the budget until they are on record."""

    asked: Asked
    actions: tuple[Action, ...] = ()
    """What the agent may do in the tenant's systems; none where nobody is there for whom."""

    actions_version: int = 0
    called: tuple[UUID, ...] = ()
    """Calls of actions that the answer rests on."""

    considered: Considered = Considered()
    """What the messages say, and what is to be done about it."""

    conflicts: tuple[Conflict, ...] = ()
    """Between the passages."""

    cut: tuple[Cut, ...] = ()
    """What the prompt does not hold."""

    known: Known = NOTHING
    """What may be suggested behind the answer."""

    pictured: tuple[Pictured, ...] = ()
    """Offers among the passages that a card can show."""

    plain: bool = False
    """By the agent without documents and routing."""

    unit: UUID | None = None
    """The customer that splits go by; None: nobody in particular."""

    @property
    def pending_documents(self) -> int:
        """Those that no passage can come of yet."""
        return 0 if self.retrieval is None else self.retrieval.pending

    def figures(self, cited: Sequence[Citation]) -> RetrievalFigures | None:
        """Of the retrieval, for the record; `cited`: by the answer."""
        found = self.retrieval
        if found is None:
            return None
        return retrieval_figures(
            self.passages,
            {each.passage for each in cited},
            found.lookups,
            ms=found.ms,
            least=self.configuration.confidence_threshold,
        )

    @property
    def latency_ms(self) -> float:
        """Since it was begun."""
        return round((time.perf_counter() - self.started) * 1000, 3)

    @property
    def prompt(self) -> tuple[Turn, ...]:
        return self.asked.request.prompt
