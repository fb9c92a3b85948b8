"""The agent's configuration: read with its version, changed as a whole."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from application.base.setting import Changed, change_setting, latest_setting
from application.models.catalogue import catalogue_of
from application.ports import Clock, Store
from domain.agents.agent import Agent, AgentConfiguration
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.models.catalogue import Catalogue


class ConfigureAgent(msgspec.Struct, frozen=True, kw_only=True):
    configuration: AgentConfiguration


class RestoreAgent(msgspec.Struct, frozen=True, kw_only=True):
    """Back to the configuration that `version` had."""

    version: int


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    configuration: AgentConfiguration
    version: int
    position: int


class ConfigurationVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`restored`: the version whose configuration held again from then on; None where it was set."""

    version: int
    at: datetime
    actor: str
    configuration: AgentConfiguration
    restored: int | None = None


async def configuration_versions(tenant: UUID, *, store: Store) -> list[ConfigurationVersion]:
    """All configurations that ever held, the first one first."""
    found = []
    async for recorded in store.stream(tenant, Agent.id_of(tenant)):
        event = recorded.event
        if isinstance(event, Agent.Configured | Agent.Restored):
            found.append(
                ConfigurationVersion(
                    version=recorded.version,
                    at=recorded.recorded_at,
                    actor=recorded.actor,
                    configuration=event.configuration,
                    restored=event.from_version if isinstance(event, Agent.Restored) else None,
                )
            )
    return found


async def configuration_of(tenant: UUID, *, store: Store) -> tuple[AgentConfiguration, int]:
    """The configuration in force, at most a second old, and its version (0: the defaults, nothing was ever set)."""
    agent = await latest_setting(Agent, tenant, store=store)
    if agent is None:
        return AgentConfiguration(), 0
    return agent.state.configuration, agent.version


async def configure_agent(
    command: ConfigureAgent, context: Context, *, store: Store, catalogue: Catalogue, clock: Clock
) -> Configured:
    """Put a configuration in the place of the present one. Raises Invalid, or Refused where it names a model that nobody has,
    with the names that there are, or that is retired, with its successor.

    The position is 0 when it is the present one. `catalogue` is the shipped one.
    """
    known = await catalogue_of(context.tenant, store=store, shipped=catalogue)
    understands = command.configuration.understanding_model
    configuration = msgspec.structs.replace(
        command.configuration,
        understanding_model=understands and known.canonical(understands),
        default_model=known.canonical(command.configuration.default_model),
        fallback_models=tuple(map(known.canonical, command.configuration.fallback_models)),
    )
    configuration.check()
    _check_models(configuration, known, clock())
    changed = await change_setting(
        Agent, lambda agent: agent.configure(configuration, clock()), context, store=store, clock=clock
    )
    return _configured(changed)


async def restore_agent(
    command: RestoreAgent, context: Context, *, store: Store, catalogue: Catalogue, clock: Clock
) -> Configured:
    """Put the configuration of an earlier version in force again; nothing is deleted. Raises NotFound for a version that there never was.

    One with a model that is retired by now is refused as when it is set.
    """
    id = Agent.id_of(context.tenant)
    try:
        found = await store.load(Agent, id, tenant=context.tenant, version=command.version)
    except NotFound:
        text = f"there is no version {command.version} of the configuration; GET /v1/agent/configuration tells the present one"
        raise NotFound(text) from None
    earlier = found.state.configuration
    known = await catalogue_of(context.tenant, store=store, shipped=catalogue)
    _check_models(earlier, known, clock())
    changed = await change_setting(
        Agent,
        lambda agent: agent.take_back(command.version, earlier, clock()),
        context,
        store=store,
        clock=clock,
    )
    return _configured(changed)


def _configured(changed: Changed[Agent]) -> Configured:
    configuration = changed.setting.state.configuration
    return Configured(configuration=configuration, version=changed.version, position=changed.position)


def _check_models(configuration: AgentConfiguration, known: Catalogue, at: datetime) -> None:
    own = () if configuration.understanding_model is None else (configuration.understanding_model,)
    for model in (configuration.default_model, *configuration.fallback_models, *own):
        known.check_offered(model)
        known.check(model, at, "chat")
