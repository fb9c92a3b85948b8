"""Who is told how the roles do: Prometheus at their ports, and an OpenTelemetry collector."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import httpx

from infra.settings import InvalidSettings, Settings
from infra.telemetry.start import endpoints
from interfaces.doctor.check import Check
from interfaces.running import Running
from interfaces.supervisor_metrics import metrics_ports


async def of_metrics(settings: Settings, running: Running | None) -> Check:
    """Whether each role that `retrace up` runs tells its figures."""
    ports = metrics_ports(settings.metrics_port, running.roles) if running is not None else {}
    if not ports:
        none = "the HTTP role tells its own at /metrics"
        if settings.metrics_port is None:
            none += "; worker, projector and supervisor do so once RETRACE_METRICS_PORT is set"
        return Check("metrics", True, none)
    wrong = []
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        for role, port in ports.items():
            try:
                told = (await client.get(f"http://{_host(settings)}:{port}/metrics")).text
                if "process_start_time_seconds" not in told:
                    wrong.append(f"another program answers at port {port}, which is the {role}'s")
            except httpx.HTTPError as error:
                wrong.append(f"the {role} does not tell at port {port} ({type(error).__name__})")
    if wrong:
        hint = "set RETRACE_METRICS_PORT to a free one, of three in a row, and restart `retrace up`"
        return Check("metrics", False, f"{'; '.join(wrong)}; {hint}")
    return Check("metrics", True, ", ".join(f"{role} at port {port}" for role, port in ports.items()))


async def of_collector(settings: Settings) -> AsyncIterator[Check]:
    """Whether the collector takes what this shell's variables would have the roles tell it."""
    try:
        to = endpoints(settings, os.environ)
    except InvalidSettings as error:
        yield Check("collector", False, "; ".join(error.errors))
        return
    if not to:
        yield Check("collector", True, "none: traces are told once OTEL_EXPORTER_OTLP_ENDPOINT is set")
        return
    from infra.telemetry.probing import refusals, shown  # with the SDK, which takes a while

    for signal, why in (await refusals(to)).items():
        yield Check(f"collector of {signal}", why is None, why or f"{shown(to[signal])} takes them")


def _host(settings: Settings) -> str:
    """Where one that listens everywhere is asked."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"[{host}]" if ":" in host else host
