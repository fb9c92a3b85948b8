"""What a tenant notices of another one that takes all it can get: answers' times, errors, and the HTTP role's memory.

Tenant A asks five times a second, alone at first, then while tenant B (`bench.neighbour`) uploads 200 files of 10 MB without a space in
them, has 100 streams, sends 10,000 messages and holds 500 idle sockets. With fewer --seconds than usual B does as large a part of it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import httpx
import msgspec
import uvloop

from bench.deployment import Deployment, deployed, tree_of
from bench.harness import Floor, Result, arguments, conditions, percentile, report, rounds
from bench.message import free_port, questions
from bench.neighbour import LIMITS, Load, neighbour, told
from bench.server import Server, server
from interfaces.cli.demo.filling import DATA, DOCUMENTS

RATE = 5
"""Questions a second."""
SECONDS = 120.0
"""With which B does all of it."""
PATIENCE = 30.0
"""Seconds that an answer is waited for; one that does not come counts as this."""
_numbers = itertools.count()


class Seen:
    """Seconds of A's answers, statuses of both, the HTTP role's memory."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.memory: list[float] = []

    @property
    def bad(self) -> int:
        """Questions of A without an answer, and replies to B that are 5xx, or 429, and not politely so."""
        return sum(count for name, count in self.statuses.items() if _is_bad(name))


def _is_bad(name: str) -> bool:
    who, *_, status = name.removesuffix(" without Retry-After").split()
    if who == "A":
        return status != "200"
    return name.endswith("Retry-After") or (status.startswith("5") and status != "503")


async def ask(http: httpx.AsyncClient, text: str, seen: Seen) -> None:
    body = {
        "customer": {"channel": "http", "address": f"customer {next(_numbers)}"},
        "text": text,
        "wait": PATIENCE,
    }
    began, reply = time.perf_counter(), None
    with suppress(httpx.TransportError):
        reply = await http.post("/v1/messages", json=body)
    answered = reply is not None and reply.status_code == 200
    seen.times.append(time.perf_counter() - began if answered else PATIENCE)
    seen.statuses[f"A {told(reply)}"] += 1


async def asking(http: httpx.AsyncClient, seconds: float, seen: Seen) -> None:
    """At a steady rate, whatever becomes of the answers."""
    asked, began, tasks = questions(), time.perf_counter(), []
    for number in range(int(RATE * seconds)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(http, asked[number % len(asked)], seen)))
    await asyncio.gather(*tasks)


async def watching(deployment: Deployment, seen: Seen) -> None:
    while True:
        seen.memory.append(await asyncio.to_thread(deployment.memory, "serve"))
        await asyncio.sleep(0.25)


async def run(deployment: Deployment, seconds: float, load: Load) -> tuple[Seen, Seen]:
    """Alone, and with the neighbour."""
    a, b = deployment.tenant("A"), deployment.tenant("B")
    async with httpx.AsyncClient(
        base_url=deployment.url, headers=a, timeout=PATIENCE + 10, limits=LIMITS
    ) as http:
        for name in DOCUMENTS:
            (
                await http.post("/v1/documents", files={"file": (name, (DATA / name).read_bytes())})
            ).raise_for_status()
        deadline = time.monotonic() + 90
        while {item["status"] for item in (await http.get("/v1/documents")).json()["items"]} != {"completed"}:
            if time.monotonic() > deadline:
                raise RuntimeError("the demo's documents were not processed")
            await asyncio.sleep(0.2)
        await asking(http, 2, Seen())  # to warm up
        alone, beside = Seen(), Seen()
        loop = asyncio.get_running_loop()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            await loop.run_in_executor(pool, questions)  # so that it is there, with all that it imports
            for seen in (alone, beside):
                watch = asyncio.create_task(watching(deployment, seen))
                acting = None
                if seen is beside:
                    until = time.monotonic() + seconds
                    acting = loop.run_in_executor(pool, neighbour, deployment.url, b, until, load)
                await asking(http, seconds, seen)
                if acting is not None:
                    seen.statuses.update({f"B {name}": count for name, count in (await acting).items()})
                watch.cancel()
    return alone, beside


def contestant(name: str, running: Server, tree: Path, seconds: float, load: Load) -> dict[str, float]:
    with deployed(running, tree, free_port()) as deployment:
        alone, beside = uvloop.run(run(deployment, seconds, load))
    figures = {
        "alone_p95_ms": 1000 * percentile(alone.times, 0.95),
        "alone_p50_ms": 1000 * percentile(alone.times, 0.5),
        "p50_ms": 1000 * percentile(beside.times, 0.5),
        "p95_ms": 1000 * percentile(beside.times, 0.95),
        "p95_ratio": percentile(beside.times, 0.95) / percentile(alone.times, 0.95),
        "memory_idle_mb": min(alone.memory),
        "memory_peak_mb": max(beside.memory),
        "memory_ratio": max(beside.memory) / min(alone.memory),
        "bad_replies": float(alone.bad + beside.bad),
        **{what: float(count) for what, count in sorted(beside.statuses.items())},
    }
    return {f"{name}_{what}": value for what, value in figures.items()}


def main() -> None:
    given = arguments("a tenant beside one that takes all it can get", seconds=SECONDS, beside=True)
    load = Load().part(min(1.0, given.seconds / SECONDS))
    with ExitStack() as stack:
        trees = {"ours": stack.enter_context(tree_of(None))}
        if given.beside is not None:
            trees["beside"] = stack.enter_context(tree_of(given.beside))
        running = stack.enter_context(server())
        part = given.seconds / (2 * len(trees))
        figures = rounds(
            [partial(contestant, name, running, tree, part, load) for name, tree in trees.items()], 1
        ).medians
    result = Result(
        name="neighbours",
        ratio=figures["ours_p95_ratio"],
        figures=figures,
        floors=(
            Floor("A's p95 beside B, to A alone", figures["ours_p95_ratio"], most=2),
            Floor("the HTTP role's memory, to idle", figures["ours_memory_ratio"], most=1.5),
            Floor(
                "A's questions without an answer, and replies to B of 5xx but 503 with Retry-After",
                figures["ours_bad_replies"],
                most=0,
            ),
        ),
        conditions=conditions(running.version, **msgspec.structs.asdict(load), beside=given.beside),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
