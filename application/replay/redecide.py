"""A recorded routing decision made again, out of what was recorded of its question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from application.gateway.policy import policy_of
from application.gateway.token_count import tokens_if_many
from application.ports import Counter, Store
from domain.agents.agent import Agent, AgentConfiguration
from domain.answers.acting.tools import without_calls
from domain.answers.prompts import unanswered
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.answers import Answers
from domain.conversations.conversation import Conversation
from domain.gateway.complexity import VERSION, Complexity, complexity
from domain.gateway.decision import INSTEAD, LAST_RESORT, Routing
from domain.gateway.policy import RoutingPolicy, by_configuration
from domain.gateway.router import Router
from domain.models.completion import Attempt, Turn

Source = Literal["as-recorded", "current"] | RoutingPolicy
"""Whose policy decides: each decision's own, the one in force now, or this one."""

Metered = Answers.Metered | Call.Metered

TOPICS = (
    Conversation.Prompted.TOPIC,
    Conversation.Metered.TOPIC,
    Call.Requested.TOPIC,
    Call.Prompted.TOPIC,
    Call.Metered.TOPIC,
)
"""What `hear` and `decide` need of the log."""

LONGEST_ANSWER = timedelta(minutes=3)
"""Until its decision is on record, an answer has read the agent's configuration at most so long before."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What routing saw."""

    prompt: tuple[Turn, ...]
    questions: tuple[str, ...]
    turns: int


class Redeciding:
    """`policy` (after `begin`) is the one now in force, or the one given; None where there is none."""

    def __init__(
        self,
        source: Source,
        tenant: UUID,
        *,
        configuration: AgentConfiguration,
        store: Store,
        counter: Counter,
    ) -> None:
        self._source, self._tenant, self._configuration = source, tenant, configuration
        self._store, self._counter = store, counter
        self.policy: RoutingPolicy | None = None
        self._version = 0
        self._versions: dict[int, RoutingPolicy | None] = {0: None}
        self._defaults = [(datetime.min.replace(tzinfo=UTC), AgentConfiguration().default_model)]
        """Since when which model was the agent's default."""
        self._asked: dict[UUID, Asked] = {}
        """Of what is not metered yet; both are saved together, so there are never many."""

    async def begin(self) -> None:
        if isinstance(self._source, RoutingPolicy):
            self.policy = self._source
        else:
            self.policy, self._version = await policy_of(self._tenant, self._configuration, store=self._store)
        async for recorded in self._store.stream(self._tenant, Agent.id_of(self._tenant)):
            if isinstance(recorded.event, Agent.Configured | Agent.Restored):
                self._defaults.append((recorded.recorded_at, recorded.event.configuration.default_model))

    def hear(self, recorded: Recorded) -> None:
        """Keep what an event tells of a question."""
        event = recorded.event
        if isinstance(event, Conversation.Prompted):
            prompt = without_calls(event.prompt)
            question = prompt[-1].text  # the messages, as `domain/answers/prompts.py` joins them
            self._asked[event.interaction] = Asked(
                prompt=prompt, questions=(question,), turns=len(prompt) - 2
            )
        elif isinstance(event, Call.Requested):
            questions = tuple(turn.text for turn in unanswered(event.messages))
            self._asked[recorded.stream] = Asked(
                prompt=event.messages, questions=questions, turns=len(event.messages) - 1
            )
        elif isinstance(event, Call.Prompted) and (asked := self._asked.get(recorded.stream)) is not None:
            self._asked[recorded.stream] = msgspec.structs.replace(asked, prompt=event.prompt)

    async def decide(self, event: Metered, recorded: Recorded) -> Routing | None:
        """None where the question is erased and no score is on record.

        What the request, a split or the budget decided stays: they come before any policy.
        """
        decided = await self._decided(event, recorded)
        if decided is not None and decided.model == LAST_RESORT and event.routing.reason.endswith(INSTEAD):
            return event.routing  # the request did not ask the agent, which no policy says
        return decided

    async def _decided(self, event: Metered, recorded: Recorded) -> Routing | None:
        asked = self._asked.pop(interaction_of(event, recorded), None)
        made = event.routing
        if made.by in ("pinned", "experiment", "deployment", "budget", "decision"):
            return made
        policy, version = self.policy, self._version
        if self._source == "as-recorded":
            policy, version = await self._at_version(made.policy), made.policy
            if policy is None:
                return by_configuration(self._default_then(made.model, recorded.recorded_at))
        if policy is None:
            return by_configuration(self._configuration.default_model)
        found = _complexity(made, asked)
        if found is None:
            return None
        tokens = made.context_tokens
        if tokens is None and self._source != "as-recorded":
            tokens = await self._tokens(policy, asked, event.attempts)
        return policy.decide(version, found, tokens)

    async def _at_version(self, version: int) -> RoutingPolicy | None:
        if version not in self._versions:
            router = await self._store.load(
                Router, Router.id_of(self._tenant), tenant=self._tenant, version=version
            )
            self._versions[version] = router.state.policy
        return self._versions[version]

    def _default_then(self, chosen: str, at: datetime) -> str:
        """The chosen model if it was the agent's default while the answer was made, else the default at its end."""
        begun = [model for since, model in self._defaults if since <= at - LONGEST_ANSWER][-1]
        later = [model for since, model in self._defaults if at - LONGEST_ANSWER < since <= at]
        return chosen if chosen in (begun, *later) else (later or [begun])[-1]

    async def _tokens(
        self, policy: RoutingPolicy, asked: Asked | None, attempts: tuple[Attempt, ...]
    ) -> int | None:
        if asked is None:  # the provider's count, where the text is gone
            return max((attempt.usage.input for attempt in attempts), default=None)
        limit, counted_by = policy.thresholds.large_context_above, policy.tiers.default.id
        return await tokens_if_many(
            asked.prompt, limit, counted_by, tenant=self._tenant, counter=self._counter
        )


def interaction_of(event: Metered, recorded: Recorded) -> UUID:
    """A call of the API is an interaction of its own."""
    return event.interaction if isinstance(event, Conversation.Metered) else recorded.stream


def _complexity(made: Routing, asked: Asked | None) -> Complexity | None:
    """Of the text, by today's scoring; what an older scoring said counts, as does the record where the text is gone."""
    if made.score is not None and (asked is None or made.scoring != VERSION):
        return Complexity(score=made.score, parts=made.parts, version=made.scoring)
    return None if asked is None else complexity(asked.questions, asked.turns)
