"""Starts telemetry for a role, where an endpoint is set for it; else no span is made, and no exporter is imported."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Literal, Protocol
from uuid import UUID

from infra.settings import InvalidSettings, Settings

if TYPE_CHECKING:
    from application.ports import Kind
    from infra.metrics.instruments import Instruments
    from infra.redis.connection import RedisConnection
    from infra.telemetry.sdk import Telemetry

Role = Literal["serve", "worker", "projector"]
SIGNALS = ("traces", "metrics")
GENERAL = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Tracing(Protocol):
    """Whoever traces requests and work. Its own file is imported where it is one only."""

    def kinds(self, every: Mapping[str, Kind]) -> Mapping[str, Kind]:
        """The same kinds of work, each try at which is traced."""

    def request(
        self, method: str, headers: Iterable[tuple[bytes, bytes]], id: UUID
    ) -> AbstractContextManager[Callable[[str, int, UUID | None], None]]:
        """Around one, whose correlation is `id`; takes its route, its status, and whose it was."""


@asynccontextmanager
async def telemetry(
    settings: Settings, role: Role | None, redis: RedisConnection, instruments: Instruments
) -> AsyncIterator[Telemetry | None]:
    """None: nobody is to be told. What is left at the end is delivered, in a few seconds or not at all. Raises InvalidSettings."""
    to = endpoints(settings, os.environ)
    if role is None or not to:
        yield None
        return
    from infra.telemetry.sdk import Telemetry

    async with Telemetry(settings, role, to, redis, instruments) as started:
        yield started


def endpoints(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Signal → where it goes, as the standard variables have it. Raises InvalidSettings for what Retrace can't speak."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return {}
    found, errors = dict[str, str](), list[str]()
    for signal in SIGNALS:
        own = f"OTEL_EXPORTER_OTLP_{signal.upper()}"
        to = environment.get(f"{own}_ENDPOINT")
        if to is None and settings.otlp_endpoint is not None:
            to = f"{settings.otlp_endpoint.rstrip('/')}/v1/{signal}"
        if not to:
            continue
        variable = f"OTEL_{signal.upper()}_EXPORTER"
        exporter = environment.get(variable) or "otlp"
        if exporter == "none":
            continue
        if exporter != "otlp":
            errors.append(f"{variable} is {exporter!r}; give otlp or none")
        for name in (f"{own}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
            if environment.get(name):
                if environment[name] != "http/protobuf":
                    errors.append(
                        f"{name} is {environment[name]!r}; give http/protobuf, and the collector's port for it, which is mostly 4318"
                    )
                break
        if not to.startswith(("http://", "https://")):
            errors.append(f"{own}_ENDPOINT must begin with http:// or https://")
        found[signal] = to
    if errors:
        raise InvalidSettings(list(dict.fromkeys(errors)))
    return found
