"""What commands for one read model share: its name, and what it is built with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from infra.projections.rebuild import Workshop, workshop
from interfaces.bootstrap import Services
from interfaces.cli.base import with_services
from projections import PROJECTIONS

T = TypeVar("T")
name_argument = click.argument("name", type=click.Choice([projection.name for projection in PROJECTIONS]))


def with_workshop(name: str, data: Path | None, do: Callable[[Workshop, Services], Awaitable[T]]) -> T:
    """Run `do` with what this projection is built with."""
    projection = next(projection for projection in PROJECTIONS if projection.name == name)

    async def run(parts: Services) -> T:
        async with workshop(parts.cell, parts.settings.master(), projection) as shop:
            return await do(shop, parts)

    return with_services(data, run)
