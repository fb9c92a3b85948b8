"""Variants: the agent as one customer gets it, which is the one in force with the variants of the splits over it that the customer is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from application.agents.agent import configuration_of
from application.answers.wordings import wordings_of
from application.base.setting import latest_setting, read_together
from application.flags.flag import flags_of
from application.gateway.policy import policy_for
from application.gateway.ports import Ports
from application.gateway.tenant_settings import KINDS, Chosen, TenantSettings, settings_of
from application.ports import Store
from domain.agents.agent import Agent, AgentConfiguration
from domain.answers.serving import Serving, ServingState
from domain.answers.split import Arm, Assignment, Split, assign, assignment
from domain.answers.tenant_prompts import Prompts
from domain.answers.variant import CHOOSING, MODEL_CHOICE, Variant
from domain.answers.wordings import Wordings
from domain.base.one_per_tenant import OnePerTenant
from domain.flags.flag import FlagsState

READ: tuple[type[OnePerTenant[Any]], ...] = (*KINDS, Prompts, Serving)
"""All that a tenant has set and an answer goes by, read at once."""

Asks = Literal["agent", "messages", "model"]
"""Of whom an answer is wanted: of the agent, of the model that is chosen for the messages as they are, or of one by name."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant has set as it holds for one customer, and the arms that made it so."""

    settings: TenantSettings
    wordings: Wordings
    variants: tuple[Assignment, ...] = ()


async def serving_of(tenant: UUID, *, store: Store) -> ServingState:
    """What is served to whom, at most a second old."""
    serving = await latest_setting(Serving, tenant, store=store)
    return ServingState() if serving is None else serving.state


async def served_to(
    tenant: UUID, unit: UUID | None, asks: Asks, ports: Ports, *, subject: UUID | None = None
) -> Served:
    """At most a second old. `unit`: the customer; None: nobody in particular, for whom the agent in force holds. `subject`: whom flags go by,
    where that is somebody else."""
    store = ports.store
    await read_together(READ, tenant, store=store)
    settings = await settings_of(tenant, ports)
    wordings, _ = await wordings_of(tenant, store=store)
    found = Served(settings=settings, wordings=wordings)
    serving = await serving_of(tenant, store=store)
    for split, arm in arms_for(serving, unit, settings.flags, asks, subject or unit):
        found = varied(found, arm.variant, Chosen(by=split.kind, reason=reason_of(split, arm)))
        found = msgspec.structs.replace(found, variants=(*found.variants, assignment(split, arm)))
    return found


async def configuration_for(tenant: UUID, unit: UUID, *, store: Store) -> AgentConfiguration:
    """The agent's configuration as it holds for a customer, where no answer is made. At most a second old."""
    await read_together((Agent, Serving), tenant, store=store)
    configuration, _ = await configuration_of(tenant, store=store)
    serving = await serving_of(tenant, store=store)
    if serving.splits:
        flags = await flags_of(tenant, store=store)
        for _, arm in arms_for(serving, unit, flags, "agent", unit):
            configuration = arm.variant.applied(configuration)
    return configuration


def arms_for(
    serving: ServingState, unit: UUID | None, flags: FlagsState, asks: Asks, subject: UUID | None
) -> Sequence[tuple[Split, Arm]]:
    """The arms of a customer, in the order in which they are put over the agent in force.

    None where a model is asked for by name, or the flag `full_agent` is off for the `subject`. Where the messages go to a model as they are
    only splits count that touch which model it is.
    """
    if not serving.splits or unit is None or asks == "model":
        return ()
    if asks == "agent" and not flags.enabled("full_agent", str(subject)):
        return ()
    concerned = [split for split in serving.in_order if asks == "agent" or MODEL_CHOICE in split.parts]
    return [(split, arm) for split in concerned if (arm := assign(split, unit)) is not None]


def varied(served: Served, variant: Variant, chosen: Chosen) -> Served:
    """With a variant over what is there. `chosen`: what stands on the choice of a model that comes of it."""
    settings = served.settings
    configuration = variant.applied(settings.configuration)
    policy, version = settings.policy, settings.policy_version
    if variant.routing is not None:
        policy, version = variant.routing, 0
    elif CHOOSING & set(variant.configuration):
        policy, version = policy_for(configuration, settings.router)
    settings = msgspec.structs.replace(
        settings, configuration=configuration, policy=policy, policy_version=version
    )
    if MODEL_CHOICE in variant.parts:
        by_policy = variant.routing is not None
        chosen = msgspec.structs.replace(chosen, model=variant.model, by_policy=by_policy)
        settings = msgspec.structs.replace(settings, chosen=chosen)
    return msgspec.structs.replace(
        served, settings=settings, wordings=served.wordings.varied_by(variant.prompts)
    )


def reason_of(split: Split, arm: Arm) -> str:
    return f"{split.kind} {split.id}, arm {arm.name}"
