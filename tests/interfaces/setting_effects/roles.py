"""How the roles run, and where they are."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import httpx
import pytest

from infra.settings import load
from interfaces import projector, worker
from tests.interfaces.http.conftest import OPERATOR
from tests.interfaces.setting_effects.deployment import HOST, Deployment, Proof
from tests.ports import free_port


async def operator_key(deployment: Deployment) -> None:
    for key, status in ((OPERATOR, 200), ("another-0123456789-0123456789-01234567", 401)):
        reply = await deployment.http.get("/v1/tenants", headers={"Authorization": f"Bearer {key}"})
        assert reply.status_code == status


async def host(deployment: Deployment) -> None:
    elsewhere = str(deployment.http.base_url).replace(HOST, "127.0.0.1")
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"{elsewhere}/readyz")
    assert (await deployment.http.get("/readyz")).status_code == 200


async def port(deployment: Deployment) -> None:
    assert (await deployment.http.get("/readyz")).url.port == int(deployment.environment["RETRACE_PORT"])


async def log_level(deployment: Deployment) -> None:
    """At INFO every start has its lines."""
    assert '"level": "INFO"' not in deployment.log.read_text()


async def worker_concurrency(deployment: Deployment) -> None:
    """A worker does as many light pieces at once as it says."""
    made: list[Any] = []

    class Seen(worker.Worker):
        def __init__(self, *parts: Any, **more: Any) -> None:
            super().__init__(*parts, **more)
            made.append(more["concurrency"])
            self.stop()

    async def at_once(*_: object) -> None:
        return None

    settings = load({**deployment.here, "RETRACE_WORKER_CONCURRENCY": "3"}, deployment.log.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "Worker", Seen)
        patch.setattr(worker, "until", at_once)
        await worker.work(settings)
    assert made == [
        3,
        worker.HEAVY,
        worker.BULK,
        worker.WATCH,
    ]  # what is heavy, or must come in time, has places of its own


async def metrics_port(deployment: Deployment) -> None:
    """A worker and a projector tell their metrics there, each what it does and how the deployment is."""
    number = free_port(3)
    environment = {**deployment.here, "RETRACE_METRICS_PORT": str(number)}
    settings = load(environment, deployment.log.parent)
    told: list[str] = []

    async def asked(*_: object) -> None:
        text = ""
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{number}", trust_env=False) as http:
            async with asyncio.timeout(60):
                while "retrace_projection_lag_events{" not in text:
                    with suppress(httpx.TransportError):
                        assert (await http.get("/healthz")).json() == {"status": "ok"}
                        text = (await http.get("/metrics")).text
                    await asyncio.sleep(0.05)
        told.append(text)

    for role, run in ((worker, worker.work), (projector, projector.project)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(role, "until", asked)
            await run(settings)
    first, last = told
    assert "retrace_provider_calls_total" in first
    assert 'retrace_database_connections{role="retrace_projector"' in last
    for name in ("process_resident_memory_bytes ", "retrace_loop_stall_seconds_count "):
        assert name in first
        assert name in last


PROOFS: dict[str, Proof] = {
    "RETRACE_OPERATOR_KEY": operator_key,
    "RETRACE_HOST": host,
    "RETRACE_PORT": port,
    "RETRACE_LOG_LEVEL": log_level,
    "RETRACE_WORKER_CONCURRENCY": worker_concurrency,
    "RETRACE_METRICS_PORT": metrics_port,
}
