"""Is it alive, can it serve, and how is it doing?"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from interfaces.bootstrap import Services
from interfaces.instance import SERVICE, instance


class Alive(msgspec.Struct, frozen=True):
    """`instance`: the same for all that one `retrace up` has started."""

    status: Literal["ok"] = "ok"
    service: str = SERVICE
    instance: str = msgspec.field(default_factory=instance)


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["ready", "not ready"]
    database: str
    keys: str
    redis: str
    instance: str = msgspec.field(default_factory=instance)


@get("/healthz")
async def healthz() -> Alive:
    """The process answers."""
    return Alive()


@get("/readyz")
async def readyz(services: NamedDependency[Services]) -> Response[Readiness]:
    """The database answers, and what is written can be sealed and opened (503 else); without Redis it is ready, but slower."""
    probes = services.probes
    database = await probes.database_answers()
    keys = await probes.keys_fault() if database else None
    redis = await probes.redis_answers()
    ready = database and keys is None
    shown = Readiness(
        status="ready" if ready else "not ready",
        database="ok" if database else "does not answer",
        keys="not tried" if not database else keys or "ok",
        redis={True: "ok", None: "none"}.get(
            redis, "does not answer; going on without caches and hints, each process judges providers alone"
        ),
    )
    return Response(shown, status_code=200 if ready else 503)


@get("/metrics", media_type="text/plain")
async def metrics(services: NamedDependency[Services], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Figures of this process and of the deployment, for Prometheus: as text, or as OpenMetrics where that is asked for."""
    figures, media_type = await services.figures(request.headers.get("accept", ""))
    return Response(figures, media_type=media_type)


ROUTER = Router("/", route_handlers=[healthz, readyz, metrics], tags=["health"])
