"""A whole deployment in a folder of its own, clients that load it, and what must be true of its log in the end."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg

from application.budget import ALERT_WORK, SetBudget, set_budget
from application.candidates import LAST_RESORT
from application.catalogue import PriceTerms, SetPrice, set_price
from application.context import Context
from application.document import UploadDocument, upload_document
from application.settling import RESERVATION_WORK
from application.spares import IDLE
from application.spending import compare_tallies
from application.tenant import CreateTenant, create_tenant
from domain.budget import BudgetLimits
from domain.conversation import Conversation
from domain.invariants import Invariants
from domain.recorded import Recorded
from domain.reservation import Reservation
from infra.database import Database
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.redis import EmbeddedRedis
from infra.log.reader import Reader
from infra.projections.projector import Projector
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from interfaces.supervisor import Tree, tree
from projections import PROJECTIONS

CUSTOMERS = 12
"""Of one tenant's."""


@dataclass(frozen=True)
class Deployment:
    """`parts` is our own way into it; `tenants` are those that the clients write to, with their keys; `said`: by its supervisor."""

    running: Tree
    parts: Services
    tenants: list[tuple[UUID, str]]
    said: list[str]

    @property
    def postgres(self) -> EmbeddedPostgres:
        return next(server for server in self.running._servers.ours if isinstance(server, EmbeddedPostgres))

    @property
    def redis(self) -> EmbeddedRedis:
        return next(server for server in self.running._servers.ours if isinstance(server, EmbeddedRedis))


@asynccontextmanager
async def deployment(folder: Path) -> AsyncIterator[Deployment]:
    """All roles and servers, and two tenants with a document, one with a budget; what dies is started again meanwhile."""
    said: list[str] = []
    with tree(Settings(data=folder, port=free_port()), said.append) as running:
        running.wait_ready()
        environment = running._environment
        settings = Settings(
            database_url=Secret(environment["DATABASE_URL"]),
            redis_url=Secret(environment["REDIS_URL"]),
            master_key=Secret(environment["RETRACE_MASTER_KEY"]),
            data=running.settings.data,
        )
        async with services(settings, pool=4) as parts:
            made = [await _tenant(parts, f"tenant {n}") for n in range(2)]
            await _give_budget(parts, made[0][0])
            async with asyncio.TaskGroup() as group:  # whatever fails ends the run at once
                watching = group.create_task(_watch(running))
                try:
                    yield Deployment(running, parts, made, said)
                except BaseException as error:
                    error.add_note("\n".join([*said, *_logs(folder)]))
                    raise
                finally:
                    watching.cancel()


def _logs(folder: Path) -> list[str]:
    """The ends of all logs, before they are gone."""
    found = []
    for log in sorted(folder.rglob("*.log")):
        tail = log.read_text(errors="replace").splitlines()[-15:]
        found += [f"{log}:", *(f"    {line[:300]}" for line in tail)]
    return found


async def _watch(running: Tree) -> None:
    """What `retrace up` does, in this thread: children end with the thread that started them."""
    while True:
        running.look()
        await asyncio.sleep(0.1)


async def _tenant(parts: Services, name: str) -> tuple[UUID, str]:
    made = await create_tenant(
        CreateTenant(name=name), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    context = Context(tenant=made.tenant, actor="operator:test", correlation=parts.ids())
    upload = UploadDocument(name="hours.txt", content=b"The shop is open from nine to five.")
    await upload_document(
        upload,
        context,
        store=parts.store,
        keyring=parts.keyring,
        files=parts.files,
        extractor=parts.extractor,
        clock=parts.clock,
    )
    return made.tenant, made.key


async def _give_budget(parts: Services, tenant: UUID) -> None:
    """And a price for what is free elsewhere: then its answers are reserved for and settled."""
    context = Context(tenant=tenant, actor="operator:test", correlation=parts.ids())
    price = SetPrice(model=LAST_RESORT, terms=PriceTerms(input=Decimal(1), output=Decimal(2)))
    await set_price(price, context, shipped=parts.catalogue, store=parts.store, clock=parts.clock)
    limits = SetBudget(limits=BudgetLimits(day=Decimal(100)))
    await set_budget(limits, context, store=parts.store, clock=parts.clock)


class Clients:
    """They send messages; one that was not acknowledged is sent again, under the same id, until it is."""

    def __init__(self, deployed: Deployment) -> None:
        self._url = deployed.running.url
        self._tenants = deployed.tenants
        self.acknowledged: dict[str, UUID] = {}
        """Message id → tenant."""
        self.refusals: Counter[str] = Counter()
        """Details of the answers 503."""
        self.lost = 0
        """Requests without any answer."""

    async def send(self, client: httpx.AsyncClient, message: str, customer: str, wait: float) -> None:
        """Until it is acknowledged. Any answer but that, or a clear "not now", is an error."""
        tenant, key = self._tenants[hash_of(message) % len(self._tenants)]
        body = {
            "customer": {"channel": "http", "address": customer},
            "text": f"When are you open? ({message})",
            "message_id": message,
            "wait": wait,
        }
        while True:
            try:
                headers = {"Authorization": f"Bearer {key}"}
                reply = await client.post("/v1/messages", json=body, headers=headers)
            except httpx.HTTPError:
                self.lost += 1
            else:
                if reply.status_code in (200, 202):
                    self.acknowledged[message] = tenant
                    return
                assert reply.status_code == 503, (reply.status_code, reply.text)
                assert reply.headers["Retry-After"].isdigit()
                assert reply.headers["Content-Type"] == "application/problem+json"
                self.refusals[reply.json()["detail"]] += 1
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def load(
        self, clients: int, seed: object, waits: Sequence[float] = (0, 0, 10)
    ) -> AsyncIterator[None]:
        """So many clients go on while this is entered, each with some customers that they share. What fails in one ends it at once.

        A message whose request waited for its answer, and broke, is answered after 30 s.
        """
        stop = asyncio.Event()

        async def go_on(number: int, chance: random.Random) -> None:
            count = 0
            async with self.client() as client:
                while not stop.is_set():
                    count += 1
                    customer = f"customer {chance.randrange(CUSTOMERS)}"
                    await self.send(client, f"{seed}-{number}-{count}", customer, chance.choice(waits))
                    await asyncio.sleep(0.02)

        async with asyncio.TaskGroup() as group:
            for number in range(clients):
                group.create_task(go_on(number, random.Random(f"{seed} {number}")))
            yield
            stop.set()

    async def send_all(self, messages: Iterable[str], clients: int) -> None:
        """Each to a customer of its own; none waits for its answer."""
        left = iter(messages)

        async def some() -> None:
            async with self.client() as client:
                for message in left:
                    await self.send(client, message, message, 0)

        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(some())

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._url, timeout=30, trust_env=False)

    async def more(self, count: int, seconds: float = 200) -> None:
        """Until so many more messages are acknowledged; however slow the machine is."""
        wanted = len(self.acknowledged) + count
        await until(lambda: len(self.acknowledged) >= wanted, seconds)


def hash_of(text: str) -> int:
    """The same in every process."""
    return sum(text.encode())


async def until(true: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def quiet(parts: Services, seconds: float = 180) -> None:
    """Until nothing is owed, every projection is at the end of the log, and nobody has anything left that is reserved ahead.

    What killed processes have reserved is given back later.
    """
    heads = "SELECT tenant, seq FROM heads ORDER BY tenant"
    owed = (
        "SELECT kind, attempts, error, parked_at, wake_at - now() FROM work "
        "WHERE kind <> ALL (%s) OR wake_at < now() OR attempts > 0"
    )
    behind = (
        "SELECT h.tenant, p, h.seq, c.seq, c.stopped FROM heads h CROSS JOIN unnest(%s::text[]) AS p "
        "LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p WHERE coalesce(c.seq, 0) < h.seq"
    )
    deadline = time.monotonic() + seconds
    before, since = None, 0.0
    while True:
        async with parts.system.system() as connection:
            left = await (await connection.execute(owed, [[RESERVATION_WORK, ALERT_WORK]])).fetchall()
            left += await (await connection.execute(behind, [[p.name for p in PROJECTIONS]])).fetchall()
            now = await (await connection.execute(heads)).fetchall()
        if left or now != before:
            before, since = now, time.monotonic()
        elif time.monotonic() - since > 2 * IDLE:
            return
        assert time.monotonic() < deadline, f"work or projections did not come to an end: {left[:5]}"
        await asyncio.sleep(0.1)


async def verify(deployed: Deployment, acknowledged: dict[str, UUID]) -> None:
    """Nothing acknowledged lost, nothing doubled, each message answered once, all invariants over every prefix, a clean log,
    and read models that are equal to a rebuild from zero. The deployment is quiet."""
    parts, tenants = deployed.parts, [tenant for tenant, _ in deployed.tenants]
    for tenant in tenants:
        events = [recorded async for recorded in parts.store.events(tenant)]
        assert [recorded.position for recorded in events] == list(range(1, len(events) + 1))
        received = Counter(
            r.event.message for r in events if isinstance(r.event, Conversation.MessageReceived)
        )
        answered = Counter(
            m for r in events if isinstance(r.event, Conversation.Answered) for m in r.event.messages
        )
        ours = {message for message, owner in acknowledged.items() if owner == tenant}
        assert ours <= received.keys()
        assert set(received.values()) == {1}
        assert answered == received
        assert (await parts.checkpoints.make(tenant)) is not None
        report = await parts.verify(tenant)
        assert (report.events, report.findings) == (len(events), [])
        invariants = Invariants()
        invariants.fold(events)
        assert invariants.violations == []
        assert await compare_tallies(tenant, store=parts.store) == {}
        assert await owed_reservations(parts, tenant) == open_reservations(events)
        reserved = any(isinstance(recorded.event, Reservation.Settled) for recorded in events)
        assert reserved == (tenant == tenants[0]), "the budget of the first tenant was not used"
    before = await read_models(parts, tenants)
    url = str(parts.settings.database_url)
    with psycopg.connect(url, autocommit=True) as superuser:
        for name in (*before, "cursors"):
            superuser.execute(f"DELETE FROM retrace.{name}".encode())
    async with Database(url, role="retrace_projector") as writer:
        reader = Reader(writer, parts.keyring)
        again = Projector(PROJECTIONS, writer=writer, system=parts.system, reader=reader, hints=parts.hints)
        await again.catch_up()
    for _ in range(100):  # the running projector may have taken a part of it
        if await read_models(parts, tenants) == before:
            return
        await asyncio.sleep(0.1)
    assert await read_models(parts, tenants) == before


def open_reservations(events: Sequence[Recorded]) -> set[UUID]:
    found = set()
    for recorded in events:
        if isinstance(recorded.event, Reservation.Made):
            found.add(recorded.stream)
        elif isinstance(recorded.event, Reservation.Settled | Reservation.Expired):
            found.remove(recorded.stream)
    return found


async def owed_reservations(parts: Services, tenant: UUID) -> set[UUID]:
    """Those that end by themselves."""
    query = "SELECT key FROM work WHERE tenant = %s AND kind = %s"
    async with parts.database.tenant(tenant) as connection:
        rows = await (await connection.execute(query, [tenant, RESERVATION_WORK])).fetchall()
    return {UUID(key) for (key,) in rows}


async def read_models(parts: Services, tenants: list[UUID]) -> dict[str, list[Any]]:
    """All rows."""
    found: dict[str, list[Any]] = {}
    for table in (table for projection in PROJECTIONS for table in projection.tables):
        rows: list[Any] = []
        for tenant in tenants:
            async with parts.database.tenant(tenant) as connection:
                rows += await (await connection.execute(f"SELECT * FROM {table.name}".encode())).fetchall()
        found[table.name] = sorted(rows, key=repr)
    return found


def free_port() -> int:
    """Not one that the system gives to outgoing connections: while a killed role comes up again, any of them could take it."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
