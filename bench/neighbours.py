"""What a tenant notices of another one that uploads a lot: answers' times, errors, and the HTTP role's memory.

Tenant A asks five times a second, alone at first, then while tenant B uploads files of 10 MB without a space in them, many at once.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import string
import time
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import httpx
import uvloop

from bench.deployment import Deployment, deployed, tree_of
from bench.harness import Floor, Result, arguments, conditions, percentile, report, rounds
from bench.message import free_port, questions
from bench.server import Server, server
from domain.document import LARGEST
from interfaces.demo.show import DATA, DOCUMENTS

RATE = 5
"""Questions a second."""
FILES, AT_ONCE = 200, 40
LIMITS = httpx.Limits(max_connections=500)
PATIENCE = 30.0
"""Seconds that an answer is waited for; one that does not come counts as this."""
_numbers = itertools.count()


class Seen:
    """Seconds of A's answers, statuses of both, the HTTP role's memory."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.memory: list[float] = []

    def note(self, who: str, reply: httpx.Response | None) -> None:
        told = "none" if reply is None else str(reply.status_code)
        if reply is not None and reply.status_code in (429, 503) and "Retry-After" not in reply.headers:
            told += " without Retry-After"
        self.statuses[f"{who} {told}"] += 1

    @property
    def bad(self) -> int:
        """Replies of A that are no answer, and replies of B that are neither taken nor politely refused."""
        good = {"A 200", "B 200", "B 201", "B 429", "B 503"}
        return sum(count for told, count in self.statuses.items() if told not in good)


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
    seen.note("A", reply)


async def asking(http: httpx.AsyncClient, seconds: float, seen: Seen) -> None:
    """At a steady rate, whatever becomes of the answers."""
    asked, began, tasks = questions(), time.perf_counter(), []
    for number in range(int(RATE * seconds)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(http, asked[number % len(asked)], seen)))
    await asyncio.gather(*tasks)


async def uploading(http: httpx.AsyncClient, files: list[int], until: float, seen: Seen) -> None:
    text = "".join(random.Random(1).choices(string.ascii_letters, k=64 * 1024)).encode()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="long.txt"\r\n\r\n'

    async def form(number: int) -> AsyncIterator[bytes]:
        yield head + f"{number:08}".encode()
        for _ in range((LARGEST - 8) // len(text)):
            yield text
        yield b"\r\n--b--\r\n"

    while files and time.monotonic() < until:
        number, reply = files.pop(), None
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        with suppress(httpx.TransportError):
            reply = await http.post("/v1/documents", content=form(number), headers=kind)
        seen.note("B", reply)
        if reply is None or reply.status_code >= 400:
            files.append(number)
            await asyncio.sleep(float(reply.headers.get("Retry-After", 1)) if reply is not None else 1)


async def _upload(url: str, headers: dict[str, str], until: float) -> Counter[str]:
    seen, files = Seen(), list(range(FILES))
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE + 10, limits=LIMITS) as http:
        tasks = [asyncio.create_task(uploading(http, files, until, seen)) for _ in range(AT_ONCE)]
        _, late = await asyncio.wait(tasks, timeout=max(1.0, until - time.monotonic()))
        for task in late:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
    if not seen.statuses:
        raise RuntimeError("the neighbour came to the end of no upload; give more --seconds")
    return seen.statuses


def neighbour(url: str, headers: dict[str, str], until: float) -> Counter[str]:
    """Tenant B, in a process of its own, so that its work is not taken for A's waiting."""
    return uvloop.run(_upload(url, headers, until))


async def watching(deployment: Deployment, seen: Seen) -> None:
    while True:
        seen.memory.append(await asyncio.to_thread(deployment.memory, "serve"))
        await asyncio.sleep(0.25)


async def run(deployment: Deployment, seconds: float) -> tuple[Seen, Seen]:
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
                uploads = None
                if seen is beside:
                    until = time.monotonic() + seconds
                    uploads = loop.run_in_executor(pool, neighbour, deployment.url, b, until)
                await asking(http, seconds, seen)
                if uploads is not None:
                    seen.statuses += await uploads
                watch.cancel()
    return alone, beside


def contestant(name: str, running: Server, tree: Path, seconds: float) -> dict[str, float]:
    with deployed(running, tree, free_port()) as deployment:
        alone, beside = uvloop.run(run(deployment, seconds))
    taken = beside.statuses["B 201"] + beside.statuses["B 200"]
    figures = {
        "alone_p95_ms": 1000 * percentile(alone.times, 0.95),
        "alone_p50_ms": 1000 * percentile(alone.times, 0.5),
        "p50_ms": 1000 * percentile(beside.times, 0.5),
        "p95_ms": 1000 * percentile(beside.times, 0.95),
        "p95_ratio": percentile(beside.times, 0.95) / percentile(alone.times, 0.95),
        "memory_idle_mb": min(alone.memory),
        "memory_peak_mb": max(beside.memory),
        "memory_ratio": max(beside.memory) / min(alone.memory),
        "files_taken": float(taken),
        "files_refused": float(beside.statuses["B 429"] + beside.statuses["B 503"]),
        "bad_replies": float(alone.bad + beside.bad),
    }
    return {f"{name}_{what}": value for what, value in figures.items()}


def main() -> None:
    given = arguments("a tenant beside one that uploads a lot", seconds=120, beside=True)
    with ExitStack() as stack:
        trees = {"ours": stack.enter_context(tree_of(None))}
        if given.beside is not None:
            trees["beside"] = stack.enter_context(tree_of(given.beside))
        running = stack.enter_context(server())
        part = given.seconds / (2 * len(trees))
        figures = rounds(
            [partial(contestant, name, running, tree, part) for name, tree in trees.items()], 1
        ).medians
    result = Result(
        name="neighbours",
        ratio=figures["ours_p95_ratio"],
        figures=figures,
        floors=(
            Floor("A's p95 beside B, to A alone", figures["ours_p95_ratio"], most=2),
            Floor("the HTTP role's memory, to idle", figures["ours_memory_ratio"], most=1.5),
            Floor(
                "replies that are neither good nor 429 or 503 with Retry-After",
                figures["ours_bad_replies"],
                most=0,
            ),
        ),
        conditions=conditions(running.version, files=FILES, at_once=AT_ONCE, beside=given.beside),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
