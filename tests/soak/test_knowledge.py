"""kill -9 of workers, the HTTP role and the database while knowledge is imported, documents are processed, changed and deleted, at seeded random moments.

All of it resumes: no embedding is paid for twice but of a call that was under way when something was killed, and the search finds what it finds in a tenant
that was given the same without a kill. A failing run tells how to run it again the same way.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from application.budgets.charges import compare_tallies
from application.retrieval.search import Search, search
from domain.audit.invariants import Invariants
from domain.base.context import Context
from infra.providers.access import ProviderAccess
from infra.secret import Secret
from interfaces.processes import keeping
from tests.doubles.embeddings import Embeddings, embeddings_double
from tests.soak.deployment import Deployment, deployment, tenant_of
from tests.soak.kills import end
from tests.soak.proofs import quiet

pytestmark = pytest.mark.soak
RUNS = 20
TARGETS = ("worker", "worker", "worker", "serve", "database")
ROWS, CHANGED = 24, 6
UNDER_WAY = 10.0
"""Seconds before a kill within which a call that was begun may not have been kept: a busy machine stands still at times."""

QUERIES = (
    "shelf3 item3",
    "What about shelf 7?",
    "new words of shelf1",
    "tents in the cellar",
    "nine to five",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    option = metafunc.config.getoption
    runs = option("--runs") or max(2, round(RUNS * option("--share")))
    first = option("--seed")
    metafunc.parametrize("run", range(first, first + runs))


def rows(*, changed: bool) -> bytes:
    lines = ["key,title,content"]
    for n in range(ROWS):
        said = "New words of" if changed and n < CHANGED else "Words of"
        lines.append(f"{n},What about shelf {n}?,{said} Shelf{n}: it holds item{n} since autumn.")
    return "\n".join(lines).encode()


def book(name: str) -> bytes:
    """Of some chunks."""
    return "\n\n".join(
        f"# {name} {n}\n\n" + " ".join(f"{name}{n} has {m} tents in the cellar." for m in range(40))
        for n in range(4)
    ).encode()


class Client:
    """Sends each request until it is acknowledged."""

    def __init__(self, deployed: Deployment, key: str) -> None:
        self._url, self._headers = deployed.running.url, {"Authorization": f"Bearer {key}"}

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        while True:
            try:
                async with httpx.AsyncClient(base_url=self._url, timeout=30, trust_env=False) as http:
                    reply = await http.request(method, path, headers=self._headers, **more)
            except httpx.HTTPError:
                pass
            else:
                if reply.status_code < 500:
                    return reply
                assert reply.status_code == 503, reply.text
            await asyncio.sleep(0.1)

    async def imported(self, *, changed: bool) -> list[str]:
        reply = await self.send(
            "POST", "/v1/knowledge/import", files={"file": ("rows.csv", rows(changed=changed))}
        )
        assert reply.status_code == 200, reply.text
        return [row["id"] for row in reply.json()["rows"]]

    async def uploaded(self, name: str) -> str:
        files = {"file": (f"{name}.md", book(name))}
        reply = await self.send("POST", "/v1/documents", files=files)
        assert reply.is_success, reply.text
        id: str = reply.json()["id"]
        return id


async def work(client: Client, more: Callable[[], Any]) -> None:
    """What both tenants end with: some rows changed, one deleted, one document of three gone."""
    entries = await client.imported(changed=False)
    await more()
    kept, gone = await client.uploaded("Attic"), await client.uploaded("Barn")
    await more()
    await client.imported(changed=True)
    await client.send("DELETE", f"/v1/documents/{gone}")
    await more()
    reply = await client.send("DELETE", f"/v1/knowledge/{entries[-1]}")
    assert reply.status_code in (200, 204, 404, 409), reply.text
    await client.send("POST", f"/v1/documents/{kept}/reprocess")
    await more()


async def found(deployed: Deployment, tenant: UUID) -> list[Counter[tuple[str, float]]]:
    """What is found for each query: texts and their relevance."""
    parts, results = deployed.parts, []
    for query in QUERIES:
        context = Context(tenant=tenant, actor="key:test", correlation=parts.ids())
        answer = await search(
            Search(query=query, limit=50), context, embedder=parts.embedder, vectors=parts.vectors
        )
        results.append(Counter((each.text, round(each.score, 3)) for each in answer.passages))
    return results


async def test_kills_lose_nothing_of_what_is_found_and_pay_for_nothing_twice(
    run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    chance = random.Random(run)
    targets = list(TARGETS)
    chance.shuffle(targets)
    killed: list[float] = []
    asked: list[tuple[float, list[str]]] = []
    try:
        with tempfile.TemporaryDirectory(prefix="retrace-knowledge-") as folder:
            async with asyncio.timeout(600), embeddings_double() as double:

                def script(body: dict[str, Any]) -> str:
                    asked.append((time.monotonic(), body["input"]))
                    return "ok"

                double.script = script
                access = ProviderAccess(api_key=Secret("sk-0123456789"), base_url=double.url("scripted"))
                model = "openai/text-embedding-3-small"
                settings: dict[str, Any] = {"providers": {"openai": access}, "embedding_model": model}
                async with deployment(Path(folder), **settings) as deployed:
                    await _run(deployed, double, chance, targets, killed, asked)
    except BaseException as error:
        error.add_note(f"{targets}\nagain: pytest -m soak tests/soak/test_knowledge.py --seed {run} --runs 1")
        raise
    print(f"seed {run}: {', '.join(targets)}; {len(asked)} requests of {sum(len(t) for _, t in asked)} texts")


async def _run(
    deployed: Deployment,
    double: Embeddings,
    chance: random.Random,
    targets: list[str],
    killed: list[float],
    asked: list[tuple[float, list[str]]],
) -> None:
    parts, (tenant, key) = deployed.parts, deployed.tenants[1]

    async def some() -> None:
        for _ in range(chance.randrange(1, 3)):
            if targets[len(killed) :]:
                await asyncio.sleep(chance.uniform(0.0, 1.0))
                killed.append(time.monotonic())
                await end(deployed, targets[len(killed) - 1])

    await work(Client(deployed, key), some)
    while len(killed) < len(targets):
        await some()
    await quiet(parts)
    twice = Counter(text for _, texts in asked for text in set(texts))
    for text in (
        text for text, times in twice.items() if times > 1 and not text.startswith("The shop is open")
    ):
        moments = sorted(at for at, texts in asked if text in texts)
        for at in moments[:-1]:
            assert any(0 <= kill - at < UNDER_WAY for kill in killed), f"paid for twice: {text[:80]}"
    events = [recorded async for recorded in parts.store.events(tenant)]
    invariants = Invariants()
    invariants.fold(events)
    assert invariants.violations == []
    assert (await parts.verify(tenant)).findings == []
    assert await compare_tallies(tenant, store=parts.store) == {}
    assert await parts.embedder.kept.unrecorded(tenant) == []
    other, other_key = await tenant_of(parts, "again")

    async def nothing() -> None:
        await quiet(parts)

    await work(Client(deployed, other_key), nothing)
    await quiet(parts)
    assert await found(deployed, tenant) == await found(deployed, other)
