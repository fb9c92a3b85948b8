"""What alerts cost: 1,000 tenants with 10 rules each, looked at by the real worker at the default interval, over a read model of eight days. One tenant in
ten goes on being written to (`--active`); of the others a look is due when five minutes end, so a run is that long, or tells of a part of it.

To make the tenants takes a minute or two before anything is measured; with `--tenants 200` it is shorter, and the share is that of five times as many.

The figure is the share of one core that worker and database take together for it, beyond what both take when nothing is owed.
"""

from __future__ import annotations

import asyncio
import base64
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import psutil
import psycopg
import uvloop

from application.base.tasks import cancel_and_wait
from application.insight.alerts.evaluate import evaluate_alerts
from application.insight.alerts.rule import SetAlertRule, set_alert_rule
from application.operations.work import kinds
from application.ports import EVALUATE_WORK
from application.tenancy.tenant import CreateTenant, create_tenant
from bench.harness import Floor, Result, conditions, parser, report
from bench.parts import MASTER, UNLIMITED
from bench.server import server
from domain.base.context import Context
from domain.insight.alerts.counted import HOUR, SLOT, SUMS
from domain.insight.alerts.rule import Rule
from infra.alerts.keeping import keep_alert_looks, owe_alert_looks
from infra.redis.wakeups import Hints
from infra.settings import Secret, Settings
from infra.work.rows import Work
from infra.work.worker import Worker
from interfaces.bootstrap import Services, services
from interfaces.worker import EVERY, WATCH
from projections import PROJECTIONS

TENANTS, INTERVAL = 1000, 60.0
"""And seconds between two looks at one, by default."""

OWN = Rule(metric="cost", threshold=1000.0, window_minutes=60)
DAYS = 8
TRAFFIC = dict.fromkeys(("ratings", "calls", "answers", "cost"), "40") | {
    "helpful": "36",
    "handoffs": "CASE WHEN get_byte(uuid_send(h.tenant), 15) %% 10 = 0 THEN 40 ELSE 2 END",
}
"""Of a slot. All is well, but for one tenant in ten whose alert of handovers fires, with nobody to be told."""

ACTIVE = 10
"""Of so many tenants one is written to, unless the run is told otherwise."""

EACH = 4
"""Of so many slots of five minutes one has traffic; in the last hour all have."""


async def tenants(parts: Services, count: int) -> list[UUID]:
    """Each with a rule of its own beside the nine of all."""
    made: list[UUID] = []

    async def make() -> None:
        tenant = await create_tenant(
            CreateTenant(name="Shop"),
            actor="operator:bench",
            store=parts.store,
            clock=parts.clock,
            ids=parts.ids,
        )
        context = Context(tenant=tenant.tenant, actor="key:bench", correlation=uuid4())
        await set_alert_rule(SetAlertRule(name="dear", rule=OWN), context, parts)
        made.append(tenant.tenant)

    for _ in range(count // 50):
        await asyncio.gather(*(make() for _ in range(50)))
    return made


async def traffic(url: str) -> int:
    """What the projector would have counted, without the events; returns how many rows."""
    now = int(time.time()) // SLOT
    slots = {*range(now - DAYS * 288, now + 1, EACH), *range(now - 12, now + 3)}
    sums = ", ".join(TRAFFIC.get(name, "0") for name in SUMS)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("SET search_path = retrace")
        await connection.execute(
            f"INSERT INTO alert_figures (tenant, slot, {', '.join(SUMS)}) SELECT h.tenant, s, {sums} "
            "FROM heads h, unnest(%s::int[]) s".encode(),
            [list(slots)],
        )
        summed = ", ".join(f"sum({name})" for name in SUMS)
        await connection.execute(
            f"INSERT INTO alert_figures_hours SELECT tenant, slot / {HOUR}, {summed} FROM alert_figures GROUP BY 1, 2".encode()
        )
        await connection.execute(
            "INSERT INTO alert_figures_took SELECT h.tenant, s, b, 1 FROM heads h, "
            "generate_series(%s::int, %s::int) s, generate_series(300, 339) b",
            [now - 12, now + 2],
        )
        await connection.execute(
            "INSERT INTO cursors (tenant, projection, version, seq, hash, recorded_at) "
            "SELECT h.tenant, p.name, p.version, h.seq, '', now() FROM heads h, unnest(%s::text[], %s::int[]) AS p (name, version)",
            [[each.name for each in PROJECTIONS], [each.version for each in PROJECTIONS]],
        )
        await connection.execute("VACUUM ANALYZE")
        ((rows,),) = await (await connection.execute("SELECT count(*) FROM alert_figures")).fetchall()
    return int(rows)


class Processor:
    """Of this process and of the whole database, with backends that have ended."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            backend = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert backend is not None
            self._postgres = psutil.Process(backend[0]).parent()

    @property
    def seconds(self) -> float:
        total = sum(psutil.Process().cpu_times()[:2])
        if self._postgres is not None:
            total += sum(self._postgres.cpu_times()[:4])
            for child in self._postgres.children():
                with suppress(psutil.NoSuchProcess):
                    total += sum(child.cpu_times()[:2])
        return float(total)

    async def share(self, seconds: float) -> float:
        """Of one core, over so many seconds."""
        before, began = self.seconds, time.perf_counter()
        await asyncio.sleep(seconds)
        return (self.seconds - before) / (time.perf_counter() - began)


async def caught_up(url: str) -> None:
    """As projectors leave it once the states' first events are applied."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(
            "UPDATE retrace.cursors c SET seq = h.seq FROM retrace.heads h WHERE h.tenant = c.tenant"
        )


async def write(url: str, active: list[UUID]) -> None:
    """As if the logs of these had moved on since the last plan, every few seconds."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while True:
            await connection.execute(
                "UPDATE retrace.alert_plans SET seq = seq - 1 WHERE tenant = ANY (%s)", [active]
            )
            await asyncio.sleep(5)


async def measure(
    url: str, redis_url: str | None, folder: Path, seconds: float, count: int, active: int = ACTIVE
) -> tuple[dict[str, float], int]:
    settings = Settings(
        database_url=Secret(url),
        redis_url=Secret(redis_url) if redis_url else None,
        data=folder,
        master_key=Secret(base64.b64encode(MASTER).decode()),
        alert_interval=round(INTERVAL),
        **UNLIMITED,
    )
    async with services(settings, pool=8) as parts:
        every = await tenants(parts, count)
        rows = await traffic(url)
        for tenant in every:  # a worker that has run for a while knows each tenant's rules
            await evaluate_alerts(Context(tenant=tenant, actor="system:alerts", correlation=tenant), parts)
        await caught_up(url)
        looks = Counter()
        watching = {name: kind for name, kind in kinds(parts).items() if kind.places == "watch"}
        worker = Worker(Work(parts.system), watching, Hints(), concurrency=WATCH, poll=EVERY, observer=looks)
        running = asyncio.create_task(worker.run())
        processor = Processor(url)
        idle = await processor.share(seconds / 4)
        await owe_alert_looks(parts.system, settings.alert_interval)
        looks.count, looks.failed = 0, 0
        keeping = asyncio.create_task(keep_alert_looks(parts.system, settings.alert_interval))
        writing = asyncio.create_task(write(url, every[::active]))
        busy = await processor.share(seconds)
        await cancel_and_wait(keeping, writing)
        worker.stop()
        await running
    figures = {
        "idle_share": idle,
        "looks_share": (busy - idle) * TENANTS / count,
        "looks_per_s": looks.count / seconds,
        "look_cpu_ms": 1000 * (busy - idle) * seconds / max(1, looks.count),
        "failed_looks": float(looks.failed),
    }
    return figures, rows


class Counter:
    """Of looks."""

    count = failed = 0

    def tried(self, kind: str, outcome: str, seconds: float) -> None:
        self.count += kind == EVALUATE_WORK
        self.failed += outcome not in ("again", "done")


def main() -> None:
    taken = parser("looking at alerts")
    taken.add_argument("--tenants", type=int, default=TENANTS, help="a multiple of 50 (default: %(default)d)")
    taken.add_argument(
        "--active",
        type=int,
        default=ACTIVE,
        help="one in so many is written to; 1: all (default: %(default)d)",
    )
    given = taken.parse_args()
    with server() as running, running.fresh() as url, tempfile.TemporaryDirectory() as folder:
        figures, rows = uvloop.run(
            measure(url, running.redis_url, Path(folder), given.seconds, given.tenants, given.active)
        )
    result = Result(
        name="alerts",
        ratio=figures["looks_share"],
        figures=figures,
        floors=(
            Floor("share of a core", figures["looks_share"], most=0.05),
            Floor("looks that failed", figures["failed_looks"], most=0),
        ),
        conditions=conditions(
            running.version, tenants=given.tenants, rules=10 * given.tenants, slots=rows, active=given.active
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
