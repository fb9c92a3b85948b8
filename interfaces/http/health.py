"""Is it alive, can it serve, and how is it doing?"""

from __future__ import annotations

from typing import Any

from litestar import Response, Router, get
from redis.exceptions import RedisError

from application.ports import Unavailable
from infra.projector import lags
from interfaces.bootstrap import Services
from interfaces.http.observing import BUCKETS, Counters
from projections import PROJECTIONS


@get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz")
async def readyz(services: Services) -> Response[dict[str, Any]]:
    """The database answers (503 else); without Redis it is ready, but slower."""
    checks = {"database": "ok", "redis": "none"}
    try:
        async with services.system.system() as connection:
            await connection.execute("SELECT 1")
    except Unavailable:
        checks["database"] = "does not answer"
    if services.redis is not None:
        try:
            await services.redis.ping()
            checks["redis"] = "ok"
        except (RedisError, OSError):
            checks["redis"] = "does not answer; going on without caches and hints"
    ready = checks["database"] == "ok"
    return Response(
        {"status": "ready" if ready else "not ready", **checks}, status_code=200 if ready else 503
    )


@get("/metrics", media_type="text/plain; version=0.0.4")
async def metrics(services: Services, counters: Counters) -> str:
    """Prometheus's text format."""
    lines = ["# TYPE retrace_http_requests_total counter"]
    for (method, route, status), count in sorted(counters.requests.items()):
        lines.append(
            f'retrace_http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
        )
    lines.append("# TYPE retrace_http_request_seconds histogram")
    total = 0
    for bound, count in zip((*BUCKETS, "+Inf"), counters.latencies, strict=True):
        total += count
        lines.append(f'retrace_http_request_seconds_bucket{{le="{bound}"}} {total}')
    lines += [
        f"retrace_http_request_seconds_sum {counters.seconds:.6f}",
        f"retrace_http_request_seconds_count {total}",
    ]
    lines.append("# TYPE retrace_saves_total counter")
    lines += [
        f'retrace_saves_total{{outcome="{name}"}} {count}' for name, count in services.store.saves.items()
    ]
    behind: dict[str, tuple[int, float, int]] = {}
    for lag in await lags(services.system, PROJECTIONS):
        events, seconds, parked = behind.get(lag.projection, (0, 0.0, 0))
        behind[lag.projection] = (events + lag.behind, max(seconds, lag.seconds), parked + lag.parked)
    for name, place in (("lag_events", 0), ("lag_seconds", 1), ("parked_events", 2)):
        lines.append(f"# TYPE retrace_projection_{name} gauge")
        lines += [
            f'retrace_projection_{name}{{projection="{p}"}} {figures[place]}' for p, figures in behind.items()
        ]
    return "\n".join(lines) + "\n"


ROUTER = Router("/", route_handlers=[healthz, readyz, metrics], tags=["health"])
