"""What each page of the console takes an operator of a tenant with many conversations, and how heavy it is.

The pages are those of the menu, those that show one of a kind, and second pages of lists; each is asked in turn, over the real
application within this process. `cpu_ms`: processor time of the application and the database together, which a busy machine changes less.
"""

from __future__ import annotations

import base64
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import psutil
import psycopg
import uvloop

from application.tenancy.tenant import CreateTenant, create_tenant
from bench.crowd import Sample, crowd
from bench.harness import Floor, Result, conditions, parser, percentile, report
from bench.parts import MASTER, UNLIMITED
from bench.replay import project
from bench.server import server
from infra.settings import Secret, Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import services
from interfaces.http.console.navigation import NAVIGATION
from projections import PROJECTIONS

CONVERSATIONS = 5_000
WARM = 2
"""Rounds before it is measured: plans and pages are there then."""

ONES = (
    "/console/inbox/{conversation}",
    "/console/inbox/{conversation}/at",
    "/console/inbox/{conversation}/why/{interaction}",
    "/console/inbox/search?q=parcel",
    "/console/inbox/search?q=nothing-has-this",
    "/console/inbox?view=mine",
    "/console/inbox?view=handed",
    "/console/inbox?view=agent",
    "/console/inbox?view=closed",
    "/console/inbox?channel=whatsapp",
    "/console/feedback/{interaction}",
    "/console/corrections/{correction}",
    "/console/corrections?status=approved",
    "/console/documents/{document}",
    "/console/documents?status=failed",
    "/console/knowledge/{entry}",
    "/console/knowledge?status=deleted",
    "/console/products/{product}",
    "/console/products?in_stock=true",
    "/console/events?kind=tenant.created",
    "/console/events?actor=key:nobody",
    "/console/events?stream=conversation/{conversation}",
    "/console/events?correlation=00000000-0000-0000-0000-000000000000",
    "/console/states/conversation/{conversation}",
)
"""Beside the menu's: one of a kind, and what is found by few or none of many."""

NEXT = re.compile(r'href="([^"]*[?&;]cursor=[^"]*)"')
PASSWORD = "four words that stay"
BROWSER = {"Sec-Fetch-Site": "same-origin", "Origin": "http://retrace"}


class Page(msgspec.Struct):
    took: list[float] = []
    used: list[float] = []
    bytes: int = 0


async def _signed_in(http: httpx.AsyncClient, tenant: UUID, key: str) -> None:
    """As an administrator who was invited."""
    body = {"email": "ann@example.com", "name": "Ann", "roles": ["admin"]}
    made = await http.post("/v1/operators", json=body, headers={"X-Tenant-API-Key": key})
    token = made.raise_for_status().json()["link"].partition("token=")[2]
    accept = {"token": token, "password": PASSWORD, "again": PASSWORD}
    form = {"tenant": str(tenant), "email": body["email"], "password": PASSWORD, "code": ""}
    for path, sent in (("/console/accept", accept), ("/console/sign-in", form)):
        reply = await http.post(path, data=sent)
        if reply.status_code != 303:
            raise RuntimeError(f"{path} was answered with {reply.status_code}: {reply.text[:300]}")


async def _paths(http: httpx.AsyncClient, sample: Sample) -> list[str]:
    """All that are asked, with second pages."""
    parts = {name: str(value) for name, value in msgspec.structs.asdict(sample).items()}
    firsts = [entry.path for section in NAVIGATION for entry in section.entries]
    found = [*firsts, *(path.format(**parts) for path in ONES)]
    for path in firsts:
        following = NEXT.search((await http.get(path)).text)
        found += [following[1].replace("&amp;", "&")] if following else []
    return found


async def _measured(http: httpx.AsyncClient, paths: list[str], url: str, seconds: float) -> dict[str, Page]:
    pages = {path: Page() for path in paths}
    with psycopg.connect(url, autocommit=True) as superuser:
        pids = superuser.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        backends = [psutil.Process(pid) for (pid,) in pids]
    until, number = time.perf_counter() + seconds, 0
    while number < WARM + 5 or time.perf_counter() < until:
        for path, seen in pages.items():
            before, began = _processor(backends), time.perf_counter()
            reply = await http.get(path)
            took, used = time.perf_counter() - began, _processor(backends) - before
            if reply.status_code != 200:
                raise RuntimeError(f"{path} was answered with {reply.status_code}: {reply.text[:300]}")
            seen.bytes = max(seen.bytes, len(reply.content))
            if number >= WARM:
                seen.took.append(1000 * took)
                seen.used.append(1000 * used)
        number += 1
    return pages


def _processor(backends: list[psutil.Process]) -> float:
    return time.process_time() + sum(sum(each.cpu_times()[:2]) for each in backends if each.is_running())


async def _run(url: str, redis: str | None, count: int, seconds: float) -> tuple[dict[str, Page], float]:
    with tempfile.TemporaryDirectory(prefix="retrace-bench-") as folder:
        settings = Settings(
            database_url=Secret(url),
            redis_url=Secret(redis) if redis else None,
            data=Path(folder),
            master_key=Secret(base64.b64encode(MASTER).decode()),
            **UNLIMITED,
        )
        async with services(settings, pool=4) as parts:
            made = await create_tenant(
                CreateTenant(name="Bench"),
                actor="operator:bench",
                store=parts.store,
                clock=parts.clock,
                ids=parts.ids,
            )
            began = time.perf_counter()
            sample = await crowd(parts.store, made.tenant, count)
            transport = httpx.ASGITransport(cast(Any, create_app(parts)))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://retrace", headers=BROWSER, timeout=120
            ) as http:
                await _signed_in(http, made.tenant, made.key)
                await project(url, *PROJECTIONS)
                _settled(url)
                filling = time.perf_counter() - began
                paths = await _paths(http, sample)
                return await _measured(http, paths, url, seconds), filling


def _settled(url: str) -> None:
    """As PostgreSQL does by itself after a while."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _figures(pages: dict[str, Page]) -> Iterator[tuple[str, float]]:
    """The slowest page first; of the cursor of a second page nothing but that it is one."""
    for path, page in sorted(pages.items(), key=lambda each: -percentile(each[1].took, 0.95)):
        name = re.sub(r"cursor=.*", "cursor", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", path))
        yield f"{name} p50_ms", percentile(page.took, 0.5)
        yield f"{name} p95_ms", percentile(page.took, 0.95)
        yield f"{name} cpu_ms", percentile(page.used, 0.5)
        yield f"{name} kB", page.bytes / 1000


def main() -> None:
    taken = parser(__doc__ or "", seconds=30)
    taken.add_argument(
        "--conversations", type=int, default=CONVERSATIONS, help="of the tenant (default: %(default)d)"
    )
    given = taken.parse_args()
    with server() as running, running.fresh() as url:
        pages, filling = uvloop.run(_run(url, running.redis_url, given.conversations, given.seconds))
        worst = max(percentile(page.took, 0.95) for page in pages.values())
        heaviest = max(page.bytes for page in pages.values()) / 1000
        floors = (
            Floor("p95 of the slowest page, ms", worst, most=50),
            Floor("the heaviest page without its files, kB", heaviest, most=120),
        )
        more = conditions(
            running.version,
            conversations=given.conversations,
            filled_s=round(filling),
            rounds=len(next(iter(pages.values())).took),
        )
        figures = dict(_figures(pages))
        report(
            Result(name="console", ratio=worst / 50, figures=figures, floors=floors, conditions=more),
            given.json,
        )


if __name__ == "__main__":
    main()
