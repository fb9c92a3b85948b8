"""What is asked, and a run: what has happened on the way to its answer."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import msgspec

from application.budgets.hold import Hold
from application.budgets.reserve import PATIENCE
from application.gateway.attempt import Attempted
from application.gateway.route import Route
from domain.answers.leaks import Watched
from domain.answers.split import Assignment
from domain.budgets.budget import BudgetExhausted, BudgetLimits, BudgetRefusal
from domain.gateway.decision import PassedOver, Routing
from domain.models.catalogue import Catalogue
from domain.models.choices import ChoicePiece
from domain.models.completion import Attempt, CompletionRequest, Outcome
from domain.models.pricing import total
from domain.models.tools import ToolCallPiece

NOT_ASKED: Mapping[str, Outcome] = {
    "missing": "not_found",
    "no_room": "context_too_long",
    "unable": "bad_request",
    "unhealthy": "unavailable",
    "unpriced": "refused",
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`request`'s model is set for each attempt. `last_resort`: whether the local provider may answer when no other does.

    `catalogue` is the tenant's, with the price that the budget's `limits` put to a model without one.
    `configuration_version`: of the agent that asks; 0 where nobody but the request does. `sources`: the passages that the text may point at where it is told; None: it is not the agent's, and stays as it is.
    `fresh`: an answer is wanted that was not given before.
    """

    interaction: UUID
    route: Route
    request: CompletionRequest
    catalogue: Catalogue
    limits: BudgetLimits
    configuration_version: int = 0
    last_resort: bool = True
    sources: tuple[str, ...] | None = None
    fresh: bool = False
    variants: tuple[Assignment, ...] = ()
    """The arms that it is of."""

    watched: Watched | None = None
    """What must not leave in the answer; None: the prompt is none of ours."""


@dataclass(kw_only=True)
class Run(Hold):
    """What has happened so far on the way to an answer, and what it holds of the budget: plain data, which its owner puts on record.

    Whole at every moment, also when its task is cancelled.
    """

    asked: Asked | None = None
    """What it was begun with; None before that."""

    attempts: list[Attempt] = field(default_factory=list)
    embeddings: list[Attempt] = field(default_factory=list)
    """Calls of embedding models, for the prompt."""

    patience: float = PATIENCE
    """Seconds that its caller waits for room in the budget."""

    passed_over: list[PassedOver] = field(default_factory=list)
    refusal: BudgetRefusal | None = None
    """Of the budget, which did not allow a call."""

    said: list[str] = field(default_factory=list)
    """What is with the caller already: from then on no other model can take over."""

    called: list[ToolCallPiece] = field(default_factory=list)
    """The same of calls of tools."""

    chosen: list[ChoicePiece] = field(default_factory=list)
    """The same of further choices, and of log probabilities."""

    leak: str | None = None
    """How the answer gives the system prompt away, so that it, or the rest of it, must not be told."""

    hung: set[str] = field(default_factory=set)
    """Models, provider/name, that gave no answer in time before it began again."""

    again: bool | None = None
    """What the provider of the last attempt said of the same call again."""

    deadline: float = math.inf
    """Of its attempts, by the monotonic clock, however often it begins again; set by the first one. The time in which the budget is
    waited for is not theirs."""

    free_at: float | None = None
    """When a model may be asked again, by the monotonic clock; None: not known."""

    def begin(self, asked: Asked, embeddings: Iterable[Attempt] = (), held: Hold | None = None) -> None:
        """For the first time, or once more: what was paid for stays, what was decided goes. `embeddings`: calls that led to `asked`, for
        which so much is `held` of the budget until they are on record."""
        self.asked = asked
        self.embeddings += embeddings
        if held is not None:
            self.take_over(held)
        self.hung = {f"{each.provider}/{each.model}" for each in self.attempts if each.outcome == "timeout"}
        self.passed_over, self.refusal, self.said, self.called, self.leak = [], None, [], [], None
        self.chosen = []
        self.again = self.free_at = None

    def add(self, attempted: Attempted) -> None:
        """What came of another attempt."""
        self.attempts.append(attempted.attempt)
        self.uncertain += attempted.uncertain
        self.again = attempted.again
        self.wait(attempted.wait)

    def needs(self, dearest: Decimal) -> Decimal:
        """USD that are to be held beyond its reservations, so that another attempt may cost `dearest`."""
        held = sum((reservation.amount for reservation in self.reservations), Decimal(0))
        return self.cost + self.uncertain + dearest - held

    @property
    def begun(self) -> bool:
        """Whether something of the answer is with the caller."""
        return bool(self.said or self.called or self.chosen)

    @property
    def unrecorded(self) -> bool:
        """Whether anything has come of it that is on no record."""
        spent = self.attempts or self.embeddings or self.reserved
        return self.asked is not None and bool(spent) and not self.settled

    @property
    def calls(self) -> list[Attempt]:
        """All that were made, and are to be paid."""
        return [*self.attempts, *self.embeddings]

    @property
    def cost(self) -> Decimal:
        return total(self.calls)

    @property
    def interaction(self) -> UUID:
        """Which it is to answer."""
        return self._begun.interaction

    @property
    def variants(self) -> tuple[Assignment, ...]:
        """The arms that it is of."""
        return self._begun.variants

    @property
    def routing(self) -> Routing:
        """The decision as it came out."""
        route = self._begun.route
        decided = msgspec.structs.replace(route.routing, passed_over=tuple(self.passed_over))
        if self.refusal is not None:
            text = f"{decided.reason}; {self.refusal.detail}"
            return msgspec.structs.replace(decided, model=route.degraded, by="budget", reason=text)
        return decided

    @property
    def _begun(self) -> Asked:
        assert self.asked is not None
        return self.asked

    def wait(self, seconds: float | None) -> None:
        """A model may be asked again in so many seconds; of several the first one counts."""
        if seconds is not None:
            at = time.monotonic() + seconds
            self.free_at = at if self.free_at is None else min(self.free_at, at)

    @property
    def retry_after(self) -> float | None:
        """Seconds until a model may be asked again, where that is known."""
        return None if self.free_at is None else max(0.0, self.free_at - time.monotonic())

    @property
    def out_of_budget(self) -> bool:
        """Whether the budget forbade it for good, not just because of what others hold at the moment."""
        return isinstance(self.refusal, BudgetExhausted)

    def outcome(self) -> Outcome:
        """How it ended without an answer: as the last attempt did; where none was made, for what the last model was passed over."""
        if self.attempts:
            return self.attempts[-1].outcome
        return NOT_ASKED[self.passed_over[-1].cause] if self.passed_over else "unavailable"

    def failure(self) -> str:
        """Why there is no answer."""
        if self.refusal is not None:
            return self.refusal.detail
        if self.attempts:
            return self.attempts[-1].error or self.attempts[-1].outcome
        if not self.passed_over:
            return "no model was asked"
        why = "; ".join(f"{each.model}: {each.reason}" for each in self.passed_over)
        if all(each.cause == "unable" for each in self.passed_over):
            return f"{why}; ask for a model that can, or put one among the agent's (GET /v1/models shows their abilities)"
        return why
