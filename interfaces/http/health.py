"""Is it alive, can it serve, and how is it doing?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency

from application.ports import Unavailable
from interfaces.bootstrap import Services
from interfaces.http.observing import BUCKETS, Counters

FRESH = 5.0
"""Seconds for which the lag of the projections, which is asked of the whole database, is not asked again."""


class Alive(msgspec.Struct, frozen=True):
    status: Literal["ok"] = "ok"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["ready", "not ready"]
    database: str
    redis: str


class Lags:
    """Projection → events behind, seconds behind, parked events; the worst tenant's seconds, the sum of the others."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._at = -FRESH
        self._known: dict[str, tuple[int, float, int]] = {}

    async def get(self) -> dict[str, tuple[int, float, int]]:
        """Empty while the database does not answer."""
        if time.monotonic() - self._at >= FRESH:
            self._at = time.monotonic()
            self._known = {}
            try:
                found = await self._services.reads.lags()
            except Unavailable:
                return {}
            for lag in found:
                events, seconds, parked = self._known.get(lag.projection, (0, 0.0, 0))
                worst = max(seconds, lag.seconds)
                self._known[lag.projection] = (events + lag.behind, worst, parked + lag.parked)
        return self._known


@get("/healthz")
async def healthz() -> Alive:
    """The process answers."""
    return Alive()


@get("/readyz")
async def readyz(services: NamedDependency[Services]) -> Response[Readiness]:
    """The database answers (503 else); without Redis it is ready, but slower."""
    database = await services.database_answers()
    redis = await services.redis_answers()
    shown = Readiness(
        status="ready" if database else "not ready",
        database="ok" if database else "does not answer",
        redis={True: "ok", None: "none"}.get(
            redis, "does not answer; going on without caches and hints, each process judges providers alone"
        ),
    )
    return Response(shown, status_code=200 if database else 503)


@get("/metrics", media_type="text/plain; version=0.0.4")
async def metrics(
    services: NamedDependency[Services], counters: NamedDependency[Counters], lags: NamedDependency[Lags]
) -> str:
    """Prometheus's text format."""
    lines = [*_requests(counters), *_latencies(counters)]
    lines.append("# HELP retrace_saves_total Commands that this process appended to the log, by outcome.")
    lines.append("# TYPE retrace_saves_total counter")
    lines += [
        f'retrace_saves_total{{outcome="{name}"}} {count}' for name, count in services.store.saves.items()
    ]
    behind = await lags.get()
    for name, place, text in (
        ("lag_events", 0, "Events that a projection has not applied yet, over all tenants."),
        ("lag_seconds", 1, "How long the oldest of them waits."),
        ("parked_events", 2, "Events that a projection could not apply."),
    ):
        lines.append(f"# HELP retrace_projection_{name} {text}")
        lines.append(f"# TYPE retrace_projection_{name} gauge")
        lines += [
            f'retrace_projection_{name}{{projection="{projection}"}} {figures[place]}'
            for projection, figures in behind.items()
        ]
    cache = services.cache
    for name, counts in (("hits", cache.hits), ("misses", cache.misses)):
        lines.append(
            f"# HELP retrace_cache_{name}_total Of the caches in Redis, by kind and, for answers, provider."
        )
        lines.append(f"# TYPE retrace_cache_{name}_total counter")
        lines += [
            f'retrace_cache_{name}_total{{kind="{kind}",group="{group}"}} {count}'
            for (kind, group), count in sorted(counts.items())
        ]
    return "\n".join(lines) + "\n"


def _requests(counters: Counters) -> Iterator[str]:
    yield "# HELP retrace_http_requests_total Requests by method, route and status."
    yield "# TYPE retrace_http_requests_total counter"
    for (method, route, status), count in sorted(counters.requests.items()):
        labels = f'method="{method}",route="{route}",status="{status}"'
        yield f"retrace_http_requests_total{{{labels}}} {count}"


def _latencies(counters: Counters) -> Iterator[str]:
    yield "# HELP retrace_http_request_seconds How long requests took."
    yield "# TYPE retrace_http_request_seconds histogram"
    for (method, route), buckets in sorted(counters.latencies.items()):
        labels, total = f'method="{method}",route="{route}"', 0
        for bound, count in zip((*BUCKETS, "+Inf"), buckets, strict=True):
            total += count
            yield f'retrace_http_request_seconds_bucket{{{labels},le="{bound}"}} {total}'
        yield f"retrace_http_request_seconds_sum{{{labels}}} {counters.seconds[method, route]:.6f}"
        yield f"retrace_http_request_seconds_count{{{labels}}} {total}"


ROUTER = Router("/", route_handlers=[healthz, readyz, metrics], tags=["health"])
