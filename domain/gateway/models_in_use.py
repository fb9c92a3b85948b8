"""Model lifecycle: the models that a tenant's agent is set to ask, and which of them their vendors take away. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.agents.configuration import AgentConfiguration
from domain.gateway.policy import RoutingPolicy
from domain.models.catalogue import Catalogue

SOON = timedelta(days=60)
"""Before its end a model is told of: time to try its successor on the tenant's own questions."""

Standing = Literal["in_use", "ends_soon", "retired"]
ORDER: tuple[Standing, ...] = ("retired", "ends_soon", "in_use")


class ModelInUse(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is provider/name; `named_by`: what names it, of the agent's configuration, the routing policy's tiers and failover, and
    `embedding_model`. `successor`: what to take instead, which is not retired itself then; null: nobody has said."""

    model: str
    named_by: tuple[str, ...]
    state: Standing
    retires_at: datetime | None = None
    successor: str | None = None


def models_in_use(
    configuration: AgentConfiguration,
    policy: RoutingPolicy | None,
    embedding: str | None,
    catalogue: Catalogue,
    at: datetime,
) -> list[ModelInUse]:
    """Each once, those that are gone or going first. `embedding`: provider/name of the model whose vectors are searched; None: the built-in one.

    What the catalogue does not know counts as in use: nobody knows of its end."""
    named: dict[str, list[str]] = {}
    for place, model in _named(configuration, policy, embedding):
        places = named.setdefault(model, [])
        if place not in places:
            places.append(place)
    found = [_standing(model, tuple(places), catalogue, at) for model, places in named.items()]
    return sorted(found, key=lambda each: (ORDER.index(each.state), each.retires_at or at))


def _named(
    configuration: AgentConfiguration, policy: RoutingPolicy | None, embedding: str | None
) -> Iterator[tuple[str, str]]:
    yield "default_model", configuration.default_model
    for model in configuration.fallback_models:
        yield "fallback_models", model
    if configuration.understanding_model is not None:
        yield "understanding_model", configuration.understanding_model
    if policy is not None:
        for tier in policy.tiers.__struct_fields__:
            yield tier, getattr(policy.tiers, tier).id
        for model in policy.failover or ():
            yield "failover", model
    if embedding is not None:
        yield "embedding_model", embedding


def _standing(id: str, named_by: tuple[str, ...], catalogue: Catalogue, at: datetime) -> ModelInUse:
    model = catalogue.get(id)
    if model is None or model.retires_at is None or model.retires_at > at + SOON:
        ends = None if model is None else model.retires_at
        return ModelInUse(model=id, named_by=named_by, state="in_use", retires_at=ends)
    return ModelInUse(
        model=id,
        named_by=named_by,
        state="retired" if model.retired(at) else "ends_soon",
        retires_at=model.retires_at,
        successor=catalogue.successor(model, max(at, model.retires_at)),
    )
