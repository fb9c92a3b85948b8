"""Whether a version of the agent can be in force: its configuration is sound, and each of its models is there."""

from __future__ import annotations

from datetime import datetime

from application.experiments.ports import Ports
from application.models.catalogue import catalogue_of
from domain.base.context import Context
from domain.experiments.version import AgentVersion
from domain.models.catalogue import Catalogue


async def check_offered(version: AgentVersion, context: Context, ports: Ports) -> None:
    """Raises Invalid, or Refused for a model that nobody has, or that is retired, as when it is set by hand."""
    known = await catalogue_of(context.tenant, store=ports.store, shipped=ports.providers.catalogue)
    check_known(version, known, ports.clock())


def check_known(version: AgentVersion, known: Catalogue, at: datetime) -> None:
    """By a catalogue. Raises as `check_offered`."""
    version.configuration.check_together()
    for model in version.models:
        known.check_offered(model)
        known.check(model, at, "chat")
