"""A conversation's customer, a tenant's declared actions and a model that does whatever it was told to, without servers: what of it goes out."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import msgspec

from application.answers.prepared import Prepared
from application.budgets.hold import Hold
from application.conversations.act import Doing
from application.gateway.route import Route
from application.gateway.run import Asked
from application.ports import Came, Outgo, Saved
from domain.actions.call import ActionCall
from domain.actions.declaration import Action, Declaration
from domain.agents.agent import AgentConfiguration
from domain.answers.leaks import Watched
from domain.answers.wordings import SHIPPED
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound
from domain.budgets.budget import BudgetLimits
from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.models.catalogue import Catalogue, Model
from domain.models.completion import Completion, CompletionRequest, Passage, Turn, Usage
from domain.models.tools import ToolCall

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
CANARY = "5ca1ab1e0ddba11c0ffe"
MODEL = "openai/obedient"
ORDER = {
    "type": "object",
    "properties": {"order": {"type": "string", "maxLength": 20}},
    "required": ["order"],
}
PAID = {
    "type": "object",
    "properties": {**ORDER["properties"], "payer": {"type": "string"}},  # type: ignore[dict-item]
    "required": ["order", "payer"],
}


def _action(
    name: str, effect: str, consent: str, schema: dict[str, Any], bound: dict[str, str], *words: str
) -> Action:
    declared = {
        "description": name,
        "effect": effect,
        "consent": consent,
        "target": {"type": "http", "url": f"https://shop.example/{name}"},
        "arguments": schema,
        "bound": bound,
        "rule": {"words": words, "arguments": {"order": "order"}} if words else None,
    }
    return Action(name=name, declared=msgspec.convert(declared, Declaration), secret=b"s" * 32)


ACTIONS = (
    _action("cancel_order", "write", "operator", ORDER, {}),
    _action("order_status", "read", "none", ORDER, {}),
    _action("refund", "write", "customer", PAID, {"payer": "address"}, "refund"),
)


class Kept:
    """A log in memory, of calls of actions alone."""

    def __init__(self) -> None:
        self.events: dict[UUID, list[Any]] = {}

    async def load(self, kind: Any, id: UUID, *, tenant: UUID) -> Any:
        if id not in self.events:
            raise NotFound("there is none")
        return kind.replay(self.events[id])

    async def save(self, *aggregates: Any, context: Context, work: Sequence[Any] = ()) -> Saved:
        for aggregate in aggregates:
            pending, known = aggregate.collect_events(), self.events.setdefault(aggregate.id, [])
            if pending and pending[0].originator_version != len(known) + 1:
                raise Conflict("somebody was first")
            known += pending
        return Saved(position=1)

    async def stream(self, tenant: UUID, id: UUID) -> AsyncIterator[Any]:
        for event in self.events.get(id, ()):
            yield SimpleNamespace(event=event)


class Endpoint:
    """Notes what comes, and answers `result`."""

    def __init__(self, result: Any = None) -> None:
        self.result = {"status": "sent"} if result is None else result
        self.came: list[Outgo] = []

    async def call(self, target: Any, outgo: Outgo) -> Came:
        self.came.append(outgo)
        return Came(outcome="done", result=msgspec.json.encode(self.result))


class World:
    def __init__(self, result: Any = None, passages: tuple[Passage, ...] = (), address: str = "ann") -> None:
        self.store, self.endpoint = Kept(), Endpoint(result)
        self.ports: Any = SimpleNamespace(
            store=self.store, action_caller=self.endpoint, clock=lambda: NOW, ids=uuid4
        )
        self.context = Context(tenant=uuid4(), actor="test", correlation=uuid4())
        self.conversation = Conversation.start(uuid4(), channel="http", address=address, name=None, at=NOW)
        self.interaction = uuid4()
        self.prepared = _prepared(self.interaction, passages)
        self.read: list[str] = []
        """What the model has read of results."""

    def doing(self) -> Doing:
        return Doing(self.prepared, self.conversation, self.interaction, self.context, self.ports)

    def obeying(self, rounds: Sequence[Sequence[tuple[str, str]]]) -> Any:
        """In the place of a model: calls these, round by round, and then says that all is done."""
        numbers, left = itertools.count(), iter(rounds)

        async def complete(asked: Asked, *_: Any) -> Completion:
            self.read += [turn.text for turn in asked.request.prompt if turn.role == "tool"]
            wanted = next(left, ())
            calls = tuple(
                ToolCall(id=f"c{next(numbers)}", name=name, arguments=text) for name, text in wanted
            )
            return Completion(text="Done.", calls=calls, finish="stop", model=MODEL, usage=Usage())

        return complete

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """Action and status of all calls on record."""
        found = [ActionCall.replay(events) for events in self.store.events.values()]
        return [(call.state.action, call.state.status) for call in found if call is not None]


def _prepared(interaction: UUID, passages: tuple[Passage, ...]) -> Prepared:
    prompt = (Turn(role="system", text="You are an agent."), Turn(role="user", text="Hello?"))
    model = Model(provider="openai", name="obedient", context_window=8000, abilities=frozenset({"tools"}))
    return Prepared(
        started=0.0,
        configuration=AgentConfiguration(),
        configuration_version=1,
        template="answer/1",
        wordings=SHIPPED,
        language="en",
        disclosure="",
        passages=passages,
        sources=(),
        looked_for="",
        retrieval=None,
        embeddings=(),
        held=Hold(),
        actions=ACTIONS,
        actions_version=2,
        asked=Asked(
            interaction=interaction,
            route=Route(routing=Routing(model=MODEL, reason="test"), models=(MODEL,), degraded=MODEL),
            request=CompletionRequest(model=MODEL, prompt=prompt, questions=("Hello?",)),
            catalogue=Catalogue({MODEL: model}, {}),
            limits=BudgetLimits(),
            watched=Watched(canary=CANARY, rules="You are an agent."),
        ),
    )
