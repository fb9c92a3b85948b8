"""The recorded traffic under another routing policy: what would have been chosen, what it would have cost, how long it would have taken.

From events alone, in one pass that keeps sums only; nothing is written. The other model is taken to need as many tokens as the
recorded one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from application.ports import Counter, Store, Wanted
from application.replay.redecide import TOPICS, Metered, Redeciding, Source, interaction_of
from application.replay.routing_report import Baselines, Choice, Decision, RoutingReplay, Tiers
from domain.agents.agent import AgentConfiguration
from domain.base.errors import Invalid
from domain.base.recorded import Recorded
from domain.base.times import in_utc
from domain.gateway.decision import Routing
from domain.gateway.policy import RoutingPolicy
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt
from domain.models.pricing import cost
from domain.replay.latencies import Latencies
from domain.replay.saving import Pairs

TOGETHER = timedelta(minutes=1)
"""A question and its decision are saved at once; their clocks are read at most so far apart."""


class ReplayRouting(msgspec.Struct, frozen=True, kw_only=True):
    """Of what was recorded from `since` until before `until`. `against`: further models to compare with, as provider/model, each as
    if it had answered everything. `rows`: how many differing decisions the report shows at most, the first ones."""

    source: Source
    since: datetime | None = None
    until: datetime | None = None
    against: tuple[str, ...] = ()
    rows: int = 1000


async def replay_routing(
    command: ReplayRouting,
    tenant: UUID,
    *,
    head: int,
    configuration: AgentConfiguration,
    store: Store,
    catalogue: Catalogue,
    counter: Counter,
    tell: Callable[[int], object] = lambda _: None,
) -> RoutingReplay:
    """Up to position `head` of the log; `tell` hears which it has come to. Raises Invalid."""
    command = msgspec.structs.replace(command, against=tuple(map(catalogue.canonical, command.against)))
    if isinstance(command.source, RoutingPolicy):
        policy = command.source.renamed(catalogue.canonical)
        policy.check()
        command = msgspec.structs.replace(command, source=policy)
    since, until = in_utc("since", command.since), in_utc("until", command.until)
    if since and until and until <= since:
        raise Invalid("since must lie before until")
    for model in command.against:
        if not all(model.partition("/")[::2]):
            raise Invalid(f"model {model[:100]!r} is not of the form provider/model, as openai/gpt-6-luna")
    redeciding = Redeciding(command.source, tenant, configuration=configuration, store=store, counter=counter)
    await redeciding.begin()
    replaying = _Replaying(command, redeciding, configuration, catalogue)
    wanted = Wanted(topics=TOPICS, since=since and since - TOGETHER, until=until)
    async for found in store.find(tenant, wanted, after=0, until=head):
        tell(found.reached)
        for recorded in found.events:
            event = recorded.event
            if not isinstance(event, Metered):
                redeciding.hear(recorded)
            elif (since is None or since <= recorded.recorded_at) and (
                until is None or recorded.recorded_at < until
            ):
                await replaying.take(event, recorded)
    return replaying.report(tenant, since, until)


class _Replaying:
    """Sums, and the first decisions that differ."""

    def __init__(
        self,
        command: ReplayRouting,
        redeciding: Redeciding,
        configuration: AgentConfiguration,
        catalogue: Catalogue,
    ) -> None:
        self._command, self._redeciding, self._catalogue = command, redeciding, catalogue
        policy = redeciding.policy
        usual = (configuration.default_model, *configuration.fallback_models)
        default = usual[0] if policy is None else policy.tiers.default.id
        models = usual if policy is None else policy.tier_models
        self._baselines = Baselines(default, models, command.against)
        self._tiers, self._costs, self._latencies = Tiers(), Pairs(), Latencies()
        self._decisions = self._differing = self._unpriced = self._undecided = 0
        self._rows: list[Decision] = []

    async def take(self, event: Metered, recorded: Recorded) -> None:
        self._decisions += 1
        made = event.routing
        self._hear(event.attempts)
        again = await self._redeciding.decide(event, recorded)
        if again is None:
            self._undecided += 1
            return
        attempts = event.attempts
        price = event.cost if again.model == made.model else self._cost(attempts, again.model)
        self._tiers.add(made, again, event.cost, price)
        self._time(event.attempts, None if again.model == made.model else again.model)
        if price is None:
            self._unpriced += 1
        else:
            self._costs.add(event.cost, price)
            for model, pairs in self._baselines.pairs.items():
                if (all_on_it := self._cost(attempts, model)) is not None:
                    pairs.add(all_on_it, price)
        if not self._differs(made, again):
            return
        self._differing += 1
        if len(self._rows) < self._command.rows:
            decision = Decision(
                interaction=interaction_of(event, recorded),
                position=recorded.position,
                at=recorded.recorded_at,
                recorded=Choice(routing=made, cost=event.cost),
                replayed=Choice(routing=again, cost=price),
            )
            self._rows.append(decision)

    def _hear(self, attempts: Sequence[Attempt]) -> None:
        """How long each model took that gave an answer."""
        for each in attempts:
            if each.kind == "chat" and each.outcome == "ok" and not each.cached:
                self._latencies.call(
                    self._catalogue.canonical(f"{each.provider}/{each.model}"), each.latency_ms
                )

    def _time(self, attempts: Sequence[Attempt], other: str | None) -> None:
        """`other`: the model that would have been asked instead. Where none was asked nothing took any time."""
        asked = [each for each in attempts if each.kind == "chat"]
        took = sum(each.latency_ms for each in asked)
        if other is None or not asked:
            self._latencies.stays(took)
        else:
            self._latencies.goes(self._catalogue.canonical(other), took)

    def _differs(self, made: Routing, again: Routing) -> bool:
        if (made.model, made.tier) != (again.model, again.tier):
            return True
        strictly = self._command.source == "as-recorded"
        return strictly and (made.by, made.score, made.parts) != (again.by, again.score, again.parts)

    def _cost(self, attempts: Sequence[Attempt], model: str) -> Decimal | None:
        """What the recorded usage would have cost with this model; None where it has no price. Embeddings stay as they were."""
        provider, _, name = model.partition("/")
        total = Decimal(0)
        for attempt in attempts:
            if attempt.kind != "chat":
                total += attempt.cost
            elif attempt.usage.input or attempt.usage.output:
                price = self._catalogue.price(provider, name, attempt.started_at)
                if price is None:
                    return None
                total += cost(attempt.usage, price)
        return total

    def report(self, tenant: UUID, since: datetime | None, until: datetime | None) -> RoutingReplay:
        source, costs = self._command.source, self._costs
        return RoutingReplay(
            tenant=tenant,
            policy=source if isinstance(source, str) else "given",
            table=self._catalogue.name,
            since=since,
            until=until,
            decisions=self._decisions,
            differing=self._differing,
            unpriced=self._unpriced,
            undecided=self._undecided,
            recorded_cost=costs.before,
            replayed_cost=costs.after,
            difference=costs.after - costs.before,
            mean_difference=costs.difference(),
            saving=costs.saving(),
            latency_ms=self._latencies.report(),
            tiers=self._tiers.report(),
            baselines=self._baselines.report(),
            rows=tuple(self._rows),
        )
