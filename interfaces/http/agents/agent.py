"""The agent's configuration."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.agents.agent import (
    ConfigurationVersion,
    ConfigureAgent,
    Configured,
    RestoreAgent,
    configuration_of,
    configuration_versions,
    configure_agent,
    restore_agent,
)
from application.tenancy.authentication import Principal
from domain.agents.agent import Agent, AgentConfiguration
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class ConfigurationOut(msgspec.Struct, frozen=True, kw_only=True):
    """`version` 0: nothing was ever set, these are the defaults."""

    tenant: UUID
    version: int
    configuration: AgentConfiguration


class RestoreIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]


@get("/v1/agent/configuration", scope="integrations:manage")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ConfigurationOut]:
    """The configuration in force and its version."""
    configuration, version = await configuration_of(principal.tenant, store=services.store)
    shown = ConfigurationOut(tenant=principal.tenant, version=version, configuration=configuration)
    return Response(shown, headers=tag(version))


@get("/v1/agent/configuration/versions", scope="integrations:manage")
async def versions(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Page[ConfigurationVersion]:
    """All configurations that ever held, whole and in order, to be compared. `next_cursor` is always null."""
    return Page(await configuration_versions(principal.tenant, store=services.store), None)


@put("/v1/agent/configuration", scope="integrations:manage", versioned=one(Agent.id_of))
async def replace(
    data: JSONBody[AgentConfiguration], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ConfigurationOut]:
    """Put a configuration in the place of the present one; what is left out has its default.

    A model that is retired is refused with 422, and its successor named.
    """
    command = ConfigureAgent(configuration=data)
    configured = await configure_agent(
        command, context, store=services.store, catalogue=services.catalogue, clock=services.clock
    )
    return await _answer(services, context.tenant, configured)


@post(
    "/v1/agent/configuration/restore",
    scope="integrations:manage",
    status_code=200,
    versioned=one(Agent.id_of),
)
async def restore(
    data: JSONBody[RestoreIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ConfigurationOut]:
    """Put the configuration of an earlier version in force again; nothing is deleted. Version 1 is that of a new tenant."""
    restored = await restore_agent(
        RestoreAgent(version=data.version),
        context,
        store=services.store,
        catalogue=services.catalogue,
        clock=services.clock,
    )
    return await _answer(services, context.tenant, restored)


async def _answer(services: Services, tenant: UUID, configured: Configured) -> Response[ConfigurationOut]:
    shown = ConfigurationOut(
        tenant=tenant, version=configured.version, configuration=configured.configuration
    )
    headers = await written(services, tenant, configured.position, configured.version)
    return Response(shown, headers=headers)


ROUTER = Router("/", route_handlers=[read, versions, replace, restore], tags=["agent"])
