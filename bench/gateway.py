"""Chat completions through Retrace and through LiteLLM's proxy, one worker process each, before the same upstream.

Ours keeps every call as events, routes, prices, and holds it to a budget. LiteLLM's keeps nothing. Added latency is over the upstream
called directly. Every request is another one: no answer comes from a cache.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import NamedTuple

import uvloop

from application.budgets.budget import SetBudget, set_budget
from application.tenancy.tenant import CreateTenant, create_tenant
from bench.client import connected
from bench.harness import Floor, Result, arguments, conditions, percentile, report, rounds
from bench.message import free_port, wait_ready
from bench.parts import MASTER, UNLIMITED, message
from bench.rivals.litellm import install, proxy
from bench.server import Server, server
from domain.base.context import Context
from domain.budgets.budget import BudgetLimits
from infra.embedded.process import end_all
from infra.providers.access import ProviderAccess
from infra.settings import Secret, Settings, environment_of
from interfaces.bootstrap import services
from interfaces.processes.children import role_command

MODEL = "gpt-6-luna"
CLIENTS = (1, 16, 64)
ROUNDS = 3
PATH = "/v1/chat/completions"
_numbers = itertools.count()
Body = Callable[[], dict[str, object]]


class Place(NamedTuple):
    """Where a contestant listens, and what a request there needs."""

    port: int
    headers: dict[str, str]


def body(stream: bool = False) -> dict[str, object]:
    text = f"{next(_numbers)}: {message(300)}"
    messages = [{"role": "system", "content": message(200)}, {"role": "user", "content": text}]
    return {"model": MODEL, "messages": messages, "max_tokens": 100, "stream": stream}


SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 100},
        "days": {"type": "integer", "minimum": 0},
        "notes": {"type": "string"},
    },
    "required": ["city", "days", "notes"],
    "additionalProperties": False,
}


def with_tools() -> dict[str, object]:
    """Five functions, one of which is called."""
    names = ("weather", "opening_hours", "order_status", "book", "cancel")
    tools = [
        {"type": "function", "function": {"name": name, "description": message(60), "parameters": SCHEMA}}
        for name in names
    ]
    return {**body(), "tools": tools, "reasoning_effort": "none"}


def with_schema() -> dict[str, object]:
    form = {"name": "stay", "schema": SCHEMA}
    return {**body(), "response_format": {"type": "json_schema", "json_schema": form}}


KINDS = {"tools": with_tools, "schema": with_schema}
"""What is asked beside a plain call."""


async def _load(
    port: int, headers: dict[str, str], clients: int, seconds: float, path: str, body: Body
) -> tuple[float, float]:
    """Requests per second, and the median latency in ms."""

    async def ask(until: float) -> list[float]:
        times = []
        async with connected("127.0.0.1", port, headers) as client:
            while (started := time.perf_counter()) < until:
                status, reply = await client.post(path, body())
                if status != 200:
                    raise RuntimeError(f"no answer: {status} {reply[:300]!r}")
                times.append(1000 * (time.perf_counter() - started))
        return times

    began = time.perf_counter()
    all = await asyncio.gather(*(ask(began + seconds) for _ in range(clients)))
    took = time.perf_counter() - began
    flat = [each for some in all for each in some]
    return len(flat) / took, percentile(flat, 0.5)


async def _first_piece(port: int, headers: dict[str, str], seconds: float) -> float:
    """The median of ms until the first piece of a streamed answer is there."""
    times = []
    until = time.perf_counter() + seconds
    async with AsyncExitStack() as stack:
        while (started := time.perf_counter()) < until:
            client = await stack.enter_async_context(connected("127.0.0.1", port, headers))
            times.append(1000 * (await client.first(PATH, body(stream=True), b'"content":') - started))
            await stack.pop_all().aclose()
    return percentile(times, 0.5)


def load(
    name: str,
    port: int,
    headers: dict[str, str],
    clients: int,
    seconds: float,
    *,
    path: str = PATH,
    body: Body = body,
) -> dict[str, float]:
    rate, p50 = uvloop.run(_load(port, headers, clients, seconds, path, body))
    return {f"{name}_{clients}_per_s": rate, f"{name}_{clients}_p50_ms": p50}


def first_piece(name: str, port: int, headers: dict[str, str], seconds: float) -> dict[str, float]:
    return {f"{name}_first_piece_ms": uvloop.run(_first_piece(port, headers, seconds))}


async def _prepare(settings: Settings) -> str:
    """A tenant with a budget; its key."""
    async with services(settings, pool=4) as parts:
        made = await create_tenant(
            CreateTenant(name="Bench"),
            actor="operator:bench",
            store=parts.store,
            clock=parts.clock,
            ids=parts.ids,
        )
        context = Context(tenant=made.tenant, actor="operator:bench", correlation=parts.ids())
        limits = BudgetLimits(day=Decimal(1000), month=Decimal(10_000))
        await set_budget(SetBudget(limits=limits), context, store=parts.store, clock=parts.clock)
        return made.key


@contextmanager
def contestants(running: Server, model: str) -> Iterator[tuple[dict[str, Place], str]]:
    """The upstream itself, Retrace and LiteLLM before it, by name; and LiteLLM's version."""
    command, version = install()
    with ExitStack() as stack:
        url = stack.enter_context(running.fresh())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = {name: free_port() for name in ("upstream", "retrace", "litellm")}
        upstream = f"http://127.0.0.1:{ports['upstream']}/v1"
        settings = Settings(
            database_url=Secret(url),
            redis_url=Secret(running.redis_url) if running.redis_url else None,
            master_key=Secret(base64.b64encode(MASTER).decode()),
            data=folder,
            port=ports["retrace"],
            providers={"openai": ProviderAccess(api_key=Secret("none"), base_url=upstream)},
            log_level="WARNING",
            **UNLIMITED,
        )
        key = uvloop.run(_prepare(settings))
        processes = [
            subprocess.Popen([sys.executable, "-m", "bench.upstream", str(ports["upstream"])]),
            subprocess.Popen(role_command("serve"), env=environment_of(settings)),
        ]
        stack.callback(end_all, processes, patience=10)
        wait_ready(settings, processes[1])
        headers = {"upstream": {}, "retrace": {"X-Tenant-API-Key": key}}
        headers["litellm"] = stack.enter_context(proxy(command, upstream, ports["litellm"], folder, model))
        yield {name: Place(port, headers[name]) for name, port in ports.items()}, version


def main() -> None:
    given = arguments("chat completions through a gateway", seconds=60)
    part = given.seconds / (ROUNDS * (3 * (len(CLIENTS) + 1) + 2 * len(KINDS)))
    with ExitStack() as stack:
        running = stack.enter_context(server())
        there, version = stack.enter_context(contestants(running, MODEL))
        everyone = []
        for name, place in there.items():
            load(name, *place, 16, 1)  # to warm up
        for clients in CLIENTS:
            everyone += [partial(load, name, *place, clients, part) for name, place in there.items()]
        beside = {name: there[name] for name in ("upstream", "retrace")}
        everyone += [
            partial(load, f"{name}_{kind}", *place, 16, part, body=made)
            for kind, made in KINDS.items()
            for name, place in beside.items()
        ]
        everyone += [partial(first_piece, name, *place, part) for name, place in there.items()]
        measured = rounds(everyone, ROUNDS)
    figures = measured.medians
    floors = []
    for clients in CLIENTS:
        rate = measured.ratio(f"retrace_{clients}_per_s", f"litellm_{clients}_per_s")
        direct = figures[f"upstream_{clients}_p50_ms"]
        ours, theirs = (figures[f"{name}_{clients}_p50_ms"] - direct for name in ("retrace", "litellm"))
        figures |= {f"to_litellm_{clients}": rate, f"retrace_{clients}_added_ms": ours}
        figures[f"litellm_{clients}_added_ms"] = theirs
        floors.append(Floor(f"× LiteLLM's requests/s, {clients} clients", rate, least=6))
        share = measured.ratio(*(f"{name}_{clients}_p50_ms" for name in ("retrace", "litellm", "upstream")))
        figures[f"share_of_added_{clients}"] = share
        floors.append(Floor(f"share of its added p50, {clients} clients", share, most=0.2))
    for kind in KINDS:
        added = figures[f"retrace_{kind}_16_p50_ms"] - figures[f"upstream_{kind}_16_p50_ms"]
        figures[f"retrace_{kind}_16_added_ms"] = added
        times = added / figures["retrace_16_added_ms"]
        floors.append(Floor(f"× the added p50 of a plain call, {kind}, 16 clients", times, most=1.2))
    added = figures["retrace_first_piece_ms"] - figures["upstream_first_piece_ms"]
    floors.append(Floor("ms added to the first piece of a stream", added, most=10))
    result = Result(
        name="gateway",
        ratio=figures["to_litellm_16"],
        figures=figures,
        floors=tuple(floors),
        conditions=conditions(running.version, rounds=ROUNDS, litellm=version, budget=True),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
