"""Which models answer a question, in order, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.gateway.ports import Ports
from application.gateway.tenant_settings import TenantSettings, settings_of
from application.gateway.token_count import tokens_if_many
from application.ports import Counter
from domain.agents.agent import AgentConfiguration
from domain.base.errors import Invalid
from domain.gateway.complexity import Complexity, complexity
from domain.gateway.decision import INSTEAD, LAST_RESORT, Routing
from domain.gateway.policy import RoutingPolicy, by_configuration, pinned_by_request
from domain.models.abilities import FIELDS, told
from domain.models.catalogue import Catalogue
from domain.models.completion import Turn


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be answered. `questions` are the new messages, `turns` how many the prompt has before them (its history).

    `pinned` is the model that the request names, as provider/model. `subject` is the conversation or call, which the flag `routing`
    may leave out; None: it is on. `documents`: whether sentences out of documents may be the answer (domain/gateway/decision.py: LAST_RESORT).
    """

    prompt: tuple[Turn, ...]
    questions: tuple[str, ...]
    turns: int
    pinned: str | None = None
    subject: UUID | None = None
    context_tokens: int | None = None
    """Of the prompt, where they are counted already."""

    documents: bool = True
    needs: frozenset[str] = frozenset()
    """Abilities that a model must have for it (`CompletionRequest.needs`)."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`models` are to be asked in this order, the first is the routing's; `degraded` is who answers when the budget is gone.

    Nothing but the budget's own limit comes before a pinned model: there `degraded` is the pinned one too.
    """

    routing: Routing
    models: tuple[str, ...]
    degraded: str


class ExplainRouting(msgspec.Struct, frozen=True, kw_only=True):
    """A question that nobody asked: `turns` before it, `context_tokens` in its prompt, and the model that the request names."""

    text: str
    turns: int = 0
    context_tokens: int | None = None
    model: str | None = None


class RoutingExplained(msgspec.Struct, frozen=True, kw_only=True):
    """`complexity` is told also where it did not decide."""

    route: Route
    complexity: Complexity


async def route(
    question: Question, settings: TenantSettings, *, tenant: UUID, counter: Counter, at: datetime
) -> Route:
    """Choose, in the order that `domain/gateway/policy.py` tells.

    Raises Invalid, or Refused for a model that is retired, where the request pins one.
    """
    policy, version = settings.policy, settings.policy_version
    configuration, catalogue = settings.configuration, settings.catalogue
    if question.pinned is not None:
        pinned = catalogue.canonical(question.pinned)
        _check(pinned, catalogue, at, question.needs)
        return routed(pinned_by_request(pinned, version), policy, configuration, catalogue, at)
    split = settings.chosen
    if split is not None and split.model is not None:
        routing = Routing(model=split.model, reason=split.reason, by=split.by, policy=version)
        return routed(routing, policy, configuration, catalogue, at)
    by_split = split is not None and split.by_policy
    if policy is not None and question.subject is not None and not by_split:
        subject = str(question.subject)
        if not all(settings.flags.enabled(flag, subject) for flag in ("full_agent", "routing")):
            policy = None
    if policy is None:
        routing = by_configuration(configuration.default_model)
    else:
        tokens = question.context_tokens
        if tokens is None:
            limit, counted_by = policy.thresholds.large_context_above, policy.tiers.default.id
            tokens = await tokens_if_many(question.prompt, limit, counted_by, tenant=tenant, counter=counter)
        routing = policy.decide(version, complexity(question.questions, question.turns), tokens)
    if split is not None and (by_split or policy is None):
        routing = msgspec.structs.replace(routing, by=split.by, reason=f"{routing.reason}; {split.reason}")
    chosen = routed(routing, policy, configuration, catalogue, at)
    if question.documents:
        return chosen
    return _able(_of_models(chosen, policy, catalogue, at), question.needs, policy, catalogue, at)


def routed(
    routing: Routing,
    policy: RoutingPolicy | None,
    configuration: AgentConfiguration,
    catalogue: Catalogue,
    at: datetime,
) -> Route:
    """The models to ask after the chosen one, and who answers when the budget is gone."""
    failover = configuration.fallback_models
    if policy is not None and policy.failover is not None:
        failover = policy.failover
    models = tuple(dict.fromkeys((routing.model, *failover)))
    if routing.by == "pinned":
        degraded = routing.model
    else:
        degraded = catalogue.cheapest(models if policy is None else policy.tier_models, at)
    return Route(routing=routing, models=models, degraded=degraded)


def _of_models(chosen: Route, policy: RoutingPolicy | None, catalogue: Catalogue, at: datetime) -> Route:
    """Without the last resort, for whoever did not ask the agent; as it is where the tenant has no model."""

    def without(models: Sequence[str]) -> tuple[str, ...]:
        return tuple(model for model in models if model != LAST_RESORT)

    tiers = without(policy.tier_models) if policy is not None else ()
    models = without(chosen.models) or tiers
    if not models:
        return chosen
    routing, degraded = chosen.routing, chosen.degraded
    if routing.model == LAST_RESORT:
        reason = f"{routing.reason}; {INSTEAD}"
        routing = msgspec.structs.replace(routing, model=models[0], reason=reason)
    if degraded == LAST_RESORT:
        degraded = catalogue.cheapest(tiers or models, at)
    return Route(routing=routing, models=models, degraded=degraded)


def _able(
    chosen: Route, needs: frozenset[str], policy: RoutingPolicy | None, catalogue: Catalogue, at: datetime
) -> Route:
    """Where none of the models can do what is asked, those of the policy's tiers that can come after them; what was decided stays. When the budget is
    gone the cheapest of those that can answers."""
    if not needs:
        return chosen
    models = chosen.models
    if not any(catalogue.can(model, needs) for model in models) and policy is not None:
        models = tuple(dict.fromkeys((*models, *(m for m in policy.tier_models if catalogue.can(m, needs)))))
    able = [model for model in models if catalogue.can(model, needs)]
    degraded = chosen.degraded
    if able and degraded not in able:
        degraded = catalogue.cheapest(able, at)
    return Route(routing=chosen.routing, models=models, degraded=degraded)


async def explain_routing(command: ExplainRouting, tenant: UUID, ports: Ports) -> RoutingExplained:
    """What would be chosen, and why; nothing is recorded or asked of a provider. Raises as `route`."""
    settings = await settings_of(tenant, ports)
    question = Question(
        prompt=(Turn(role="user", text=command.text),),
        questions=(command.text,),
        turns=command.turns,
        pinned=command.model,
        context_tokens=command.context_tokens,
    )
    chosen = await route(question, settings, tenant=tenant, counter=ports.providers.counter, at=ports.clock())
    return RoutingExplained(route=chosen, complexity=complexity(question.questions, question.turns))


def _check(pinned: str, catalogue: Catalogue, at: datetime, needs: frozenset[str]) -> None:
    if not all(pinned.partition("/")[::2]):
        raise Invalid(f"model {pinned[:100]!r} is not of the form provider/model, as local/extractive")
    catalogue.check(pinned, at, "chat")
    if not catalogue.can(pinned, needs):
        model = catalogue.get(pinned)
        lacking = needs if model is None else needs - model.abilities
        text = f"the model {pinned} can't {told(lacking)}; ask one whose abilities have {' and '.join(sorted(lacking))} (GET /v1/models)"
        fields = [field for ability, field in FIELDS.items() if ability in lacking]
        said = f"{fields[0]}: {text}" if fields else text
        raise Invalid(said, errors=[{"field": f"$.{field}", "message": text} for field in fields])
