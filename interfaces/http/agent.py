"""The agent's configuration."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, Router, get, put

from application.agent import ConfigureAgent, configuration_of, configure_agent
from application.context import Context
from application.tenant import Principal
from domain.agent import AgentConfiguration
from interfaces.bootstrap import Services
from interfaces.http.reading import written


@get("/v1/agent/configuration")
async def read(services: Services, principal: Principal) -> dict[str, Any]:
    """The configuration in force and its version."""
    principal.require("integrations:manage")
    return _shown(principal.tenant, *await configuration_of(principal.tenant, store=services.store))


@put("/v1/agent/configuration")
async def replace(
    data: AgentConfiguration, services: Services, principal: Principal, context: Context
) -> Response[dict[str, Any]]:
    """Put a configuration in place; what is left out has its default."""
    principal.require("integrations:manage")
    command = ConfigureAgent(configuration=data)
    configured = await configure_agent(command, context, store=services.store, clock=services.clock)
    shown = _shown(principal.tenant, configured.configuration, configured.version)
    return Response(shown, headers=written(configured.position))


def _shown(tenant: UUID, configuration: AgentConfiguration, version: int) -> dict[str, Any]:
    return {"tenant": tenant, "version": version, "configuration": msgspec.to_builtins(configuration)}


ROUTER = Router("/", route_handlers=[read, replace], tags=["agent"])
