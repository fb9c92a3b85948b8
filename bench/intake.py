"""Webhooks taken in: how quickly each is answered while a model takes five seconds, and how many one process accepts.

First 200 a second, with worker and projector beside it, which answer them by a model that takes five seconds: how long each webhook waits
for its answer. Then as many as one process of the HTTP API takes, alone, beside a bare litestar route that does one insert a request:
both with the processor time that a message takes there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx
import psutil
import uvloop

from bench import webhooks
from bench.deployment import ROOT, deployed
from bench.harness import Floor, Result, arguments, conditions, percentile, report, rounds
from bench.message import free_port
from bench.server import Server, server
from infra.embedded.process import end_all

MODEL, MODEL_SECONDS = "gpt-6-luna", 5.0
RATE = 200
"""Webhooks a second."""

CONNECTIONS = 32
CUSTOMERS = 1000
ROUNDS = 3
FASTEST = 6000
"""Messages a second that nobody reaches: so many are signed beforehand."""

READY = 30.0


def paced(running: Server, seconds: float) -> dict[str, float]:
    """How long webhooks take while all that comes of them is done beside."""
    ports = free_port(), free_port()
    slow = [f"{MODEL}={MODEL_SECONDS:g}"]
    upstream = subprocess.Popen([sys.executable, "-m", "bench.upstream", str(ports[0]), *slow])
    more = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"http://127.0.0.1:{ports[0]}/v1"}
    try:
        with deployed(running, ROOT, ports[1], more) as deployment:
            headers = deployment.tenant("Intake")
            body = {"default_model": f"openai/{MODEL}", "retrieve_documents": False}
            url = f"{deployment.url}/v1/agent/configuration"
            httpx.put(url, json=body, headers=headers, timeout=30).raise_for_status()
            address = _address(deployment.url, headers)
            uvloop.run(webhooks.send(ports[1], webhooks.signed(address, RATE, CUSTOMERS), CONNECTIONS, 5))
            requests = webhooks.signed(address, int(RATE * seconds), CUSTOMERS)
            times, _ = uvloop.run(webhooks.send(ports[1], requests, CONNECTIONS, seconds + 5, RATE))
    finally:
        end_all([upstream], patience=5)
    return {f"paced_{name}_ms": percentile(times, share) for name, share in SHARES.items()}


SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def flood(name: str, port: int, address: str, process: psutil.Process, seconds: float) -> dict[str, float]:
    """As many as are taken, of customers who have written before."""
    uvloop.run(webhooks.send(port, webhooks.signed(address, CUSTOMERS, CUSTOMERS), CONNECTIONS, 30))
    requests = webhooks.signed(address, int(FASTEST * seconds), CUSTOMERS)
    before = process.cpu_times()
    times, took = uvloop.run(webhooks.send(port, requests, CONNECTIONS, seconds))
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return {f"{name}_per_s": len(times) / took, f"{name}_cpu_ms": 1000 * used / len(times)}


@contextmanager
def bare(running: Server, port: int) -> Iterator[psutil.Process]:
    with running.fresh("template1") as url:
        process = subprocess.Popen([sys.executable, "-m", "bench.rivals.litestar_insert", str(port), url])
        try:
            deadline = time.monotonic() + READY
            while time.monotonic() < deadline:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/readyz").is_success:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield psutil.Process(process.pid)
        finally:
            end_all([process], patience=5)


def _address(url: str, headers: dict[str, str]) -> str:
    """Of the tenant's webhook, which is ready to take what is signed."""
    webhooks.set_account(url, headers)
    time.sleep(1.5)  # a process goes by a setting for a second
    shown = httpx.get(f"{url}/v1/channels", headers=headers, timeout=30).json()
    found: str = shown["twilio"][0]["webhook"]
    return found


def main() -> None:
    given = arguments("webhooks taken in", seconds=30)
    each = given.seconds / (2 * ROUNDS + 3)
    ports = free_port(), free_port()
    with server() as running:
        figures = dict(paced(running, 3 * each))
        with deployed(running, ROOT, ports[0]) as deployment, bare(running, ports[1]) as rival:
            deployment.end("worker", "projector")
            address = _address(deployment.url, deployment.tenant("Intake"))
            ours = psutil.Process(deployment.pid("serve"))
            other = f"http://127.0.0.1:{ports[1]}/webhooks/twilio/bare"
            measured = rounds(
                [
                    partial(flood, "ours", ports[0], address, ours, each),
                    partial(flood, "bare", ports[1], other, rival, each),
                ],
                ROUNDS,
            )
    figures |= measured.medians
    ratio = measured.ratio("ours_per_s", "bare_per_s")
    result = Result(
        name="intake",
        ratio=ratio,
        figures=figures,
        floors=(
            Floor("p95 of a webhook at 200/s, ms", figures["paced_p95_ms"], most=20),
            Floor("p99 of a webhook at 200/s, ms", figures["paced_p99_ms"], most=50),
            Floor("messages/s accepted by one process", figures["ours_per_s"], least=800),
            Floor("of a bare litestar route with one insert", ratio, least=0.4),
        ),
        conditions=conditions(
            running.version,
            rounds=ROUNDS,
            rate=RATE,
            connections=CONNECTIONS,
            customers=CUSTOMERS,
            model_seconds=MODEL_SECONDS,
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
