"""Waiting is cheap: one worker with many answers under way against a model that takes five seconds.

First a thousand messages at once, to a model that takes so long that all of them are under way: the worker's memory and processor
time while they wait. Then 100 messages a second: what is added to the model's five seconds, from the message on record to its answer on
record.
"""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvloop

from bench.client import Client, connected
from bench.deployment import Deployment, deployed, tree_of
from bench.harness import Floor, Result, arguments, conditions, percentile, report, rounds
from bench.message import free_port
from bench.parts import UNLIMITED
from bench.server import server
from infra.embedded.process import end_all

MODEL, MODEL_SECONDS = "gpt-6-luna", 5.0
SLOW, SLOW_SECONDS = "gpt-6.1-terra", 25.0
WAITING = 1000
TENANTS = 4
RATE = 100
"""Messages a second."""
CONNECTIONS = 16
PATIENCE = 120.0
"""Seconds in which all answers have to be there."""
_numbers = itertools.count()


class Tenants:
    """Whose customers write, in turn, and what they were promised."""

    def __init__(self, deployment: Deployment) -> None:
        self.headers = [deployment.tenant(f"Waiting {number}") for number in range(TENANTS)]
        self.promised: list[tuple[dict[str, str], str]] = []
        self._url = deployment.url

    def ask(self, model: str) -> None:
        """From now on."""
        for headers in self.headers:
            configuration = {"default_model": f"openai/{model}", "retrieve_documents": False}
            url = f"{self._url}/v1/agent/configuration"
            # The window in which a customer may go on writing is the tenant's wish, and none of ours to be measured.
            at_once = {**configuration, "quiet_seconds": 0}
            reply = httpx.put(url, json=at_once, headers=headers, timeout=30)
            if reply.status_code == 400:  # a commit from before there was one
                reply = httpx.put(url, json=configuration, headers=headers, timeout=30)
            reply.raise_for_status()
        time.sleep(1.5)  # a process goes by a configuration for a second

    async def write(self, client: Client, number: int) -> None:
        text = f"When do you open on day {number}?"
        body = {"customer": {"channel": "http", "address": f"customer {number}"}, "text": text, "wait": 0}
        status, reply = await client.post("/v1/messages", body)
        if status != 202:
            raise RuntimeError(f"the message was not taken: {status} {reply[:300]!r}")
        id = httpx.Response(status, content=reply).json()["id"]
        self.promised.append((self.headers[number % TENANTS], id))


async def _write(deployment: Deployment, tenants: Tenants, count: int, rate: float) -> None:
    """`count` messages, `rate` a second (0: as fast as they are taken)."""
    host, port = deployment.url.removeprefix("http://").split(":")
    began, todo = time.perf_counter(), iter(range(count))

    async def one(tenant: int) -> None:
        async with connected(host, int(port), tenants.headers[tenant]) as client:
            for number in todo:
                if rate:
                    await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
                await tenants.write(client, next(_numbers) * TENANTS + tenant)

    await asyncio.gather(*(one(place % TENANTS) for place in range(CONNECTIONS)))


async def _answered(
    deployment: Deployment, tenants: Tenants, model_seconds: float = MODEL_SECONDS
) -> list[float]:
    """Milliseconds that each answer took beyond the model's."""
    until, added = time.monotonic() + PATIENCE, []
    async with httpx.AsyncClient(base_url=deployment.url, timeout=30) as http:
        for headers, id in tenants.promised:
            while True:
                found: dict[str, Any] = (await http.get(f"/v1/interactions/{id}", headers=headers)).json()
                if found["status"] == "answered":
                    break
                if time.monotonic() > until:
                    raise RuntimeError(f"an answer is not there after {PATIENCE:g} s: {found['status']}")
                await asyncio.sleep(0.5)
            if found["model"] is None or found["text"] != "You can send it back within thirty days.":
                raise RuntimeError(f"the model did not answer: {found['text']!r}")
            took = datetime.fromisoformat(found["answered_at"]) - datetime.fromisoformat(found["created_at"])
            added.append(1000 * (took.total_seconds() - model_seconds))
    tenants.promised.clear()
    return added


def waiting(name: str, tree: Path, stack: ExitStack, running: Any, seconds: float) -> dict[str, float]:
    """Of one tree's worker, in a deployment of its own."""
    ports = free_port(), free_port()
    slow = (f"{MODEL}={MODEL_SECONDS:g}", f"{SLOW}={SLOW_SECONDS:g}")
    upstream = subprocess.Popen([sys.executable, "-m", "bench.upstream", str(ports[0]), *slow])
    stack.callback(end_all, [upstream], patience=5)
    more = {
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{ports[0]}/v1",
        "RETRACE_WORKER_CONCURRENCY": "1000",
        **{f"RETRACE_{name.upper()}": "0" for name in UNLIMITED},
    }
    try:
        with deployed(running, tree, ports[1], more) as deployment:
            tenants = Tenants(deployment)
            return {
                f"{name}_{figure}": value for figure, value in _figures(deployment, tenants, seconds).items()
            }
    finally:
        end_all([upstream], patience=5)


def _figures(deployment: Deployment, tenants: Tenants, seconds: float) -> dict[str, float]:
    tenants.ask(MODEL)
    uvloop.run(_write(deployment, tenants, 50, 0))
    uvloop.run(_answered(deployment, tenants))
    idle = deployment.memory("worker")
    tenants.ask(SLOW)
    began, at = time.perf_counter(), deployment.seconds("worker")
    uvloop.run(_write(deployment, tenants, WAITING, 0))
    written = time.perf_counter() - began
    time.sleep(max(0.0, 0.7 * SLOW_SECONDS - written))
    since, waited = time.perf_counter(), deployment.seconds("worker")
    time.sleep(3.0)
    share = (deployment.seconds("worker") - waited) / (time.perf_counter() - since)
    memory = deployment.memory("worker")
    burst = uvloop.run(_answered(deployment, tenants, SLOW_SECONDS))
    took = deployment.seconds("worker") - at
    tenants.ask(MODEL)
    uvloop.run(_write(deployment, tenants, int(RATE * seconds), RATE))
    steady = uvloop.run(_answered(deployment, tenants))
    return {
        "idle_mb": idle,
        "waiting_mb": memory,
        "waiting_cores": share,
        "written_s": written,
        "answer_cpu_ms": 1000 * took / WAITING,
        "burst_added_p95_ms": percentile(burst, 0.95),
        "added_p50_ms": percentile(steady, 0.5),
        "added_p95_ms": percentile(steady, 0.95),
    }


def main() -> None:
    given = arguments("answers under way against a slow model", seconds=30, beside=True)
    with ExitStack() as stack:
        running = stack.enter_context(server())
        names = {"ours": None} | ({"beside": given.beside} if given.beside else {})
        trees = {name: stack.enter_context(tree_of(commit)) for name, commit in names.items()}
        each = given.seconds / (2 * len(trees))
        figures = rounds(
            [partial(waiting, name, tree, stack, running, each) for name, tree in trees.items()], 1
        ).medians
    floors = (
        Floor("MB of the worker with 1,000 under way", figures["ours_waiting_mb"], most=400),
        Floor("cores while all wait", figures["ours_waiting_cores"], most=0.5),
        Floor("p95 of what is added at 100/s, ms", figures["ours_added_p95_ms"], most=50),
    )
    result = Result(
        name="waiting",
        ratio=figures["ours_waiting_cores"],
        figures=figures,
        floors=floors,
        conditions=conditions(
            running.version,
            waiting=WAITING,
            model_seconds=MODEL_SECONDS,
            rate=RATE,
            beside=given.beside or "none",
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
