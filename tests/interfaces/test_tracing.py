"""One trace shows a message over all processes, and a collector that is away costs no answer."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.telemetry.conventions import DURATION, TOKENS
from tests.dated import CLOCK
from tests.doubles.collector import Collector, Span, collector_double, facts_of
from tests.doubles.openai import openai_double
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.interfaces.http.conftest import MASTER, OPERATOR
from tests.ports import free_port
from tests.until import PATIENCE, until

ADA = "whatsapp:+4915550100101"
QUESTION = "When does the tombola of Wunsiedel begin?"


@dataclass
class Deployment:
    """All roles, each a process of its own, that tell the collector what they do."""

    http: httpx.AsyncClient
    tenant: str
    collector: Collector
    twilio: Twilio
    metrics: Sequence[str]
    """Where the roles tell Prometheus."""


@pytest_asyncio.fixture(scope="module", name="deployment")
async def _deployment(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployment]:
    folder = tmp_path_factory.mktemp("traced")
    port, metrics = free_port(), free_port(3)
    base = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        collector = await stack.enter_async_context(collector_double())
        twilio = await stack.enter_async_context(twilio_double())
        openai = await stack.enter_async_context(openai_double())
        environment = {
            "PATH": os.environ["PATH"],
            **CLOCK,
            "DATABASE_URL": database_url,
            "REDIS_URL": servers.redis_url or "",
            "RETRACE_MASTER_KEY": MASTER,
            "RETRACE_OPERATOR_KEY": OPERATOR,
            "RETRACE_DATA": str(folder),
            "RETRACE_PORT": str(port),
            "RETRACE_METRICS_PORT": str(metrics),
            "RETRACE_ALLOW_PRIVATE_ADDRESSES": "true",
            "TWILIO_BASE_URL": twilio.url,
            "OPENAI_API_KEY": "key-of-openai",
            "OPENAI_BASE_URL": openai.url("ok"),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "300",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
        }
        log = folder / "up.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "interfaces.cli", "up"]
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            http = await stack.enter_async_context(
                httpx.AsyncClient(base_url=base, timeout=60, trust_env=False)
            )
            async with asyncio.timeout(200):
                while True:
                    with suppress(httpx.TransportError):
                        if (await http.get("/readyz")).status_code == 200:
                            break
                    assert process.poll() is None, log.read_text()
                    await asyncio.sleep(0.1)
            bearer = {"Authorization": f"Bearer {OPERATOR}"}
            made = (await http.post("/v1/tenants", json={"name": "Traced"}, headers=bearer)).json()
            http.headers["Authorization"] = f"Bearer {made['key']}"
            agent = {"default_model": "openai/gpt-6-luna", "quiet_seconds": 0}
            assert (await http.put("/v1/agent/configuration", json=agent)).status_code == 200
            told = [f"{base}/metrics", *(f"http://127.0.0.1:{metrics + n}/metrics" for n in range(3))]
            yield Deployment(http, made["id"], collector, twilio, told)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 60)


def roles(spans: Sequence[Span]) -> dict[str, list[str]]:
    """Name → the roles that did it, each under what."""
    by_id = {span.id: span for span in spans}
    found: dict[str, list[str]] = {}
    for span in spans:
        parent = by_id[span.parent].name if span.parent in by_id else span.parent
        found.setdefault(span.name, []).append(f"{span.resource['retrace.role']} < {parent}")
    return found


@pytest_asyncio.fixture(scope="module", name="trace")
async def _trace(deployment: Deployment) -> str:
    """Of a message by WhatsApp whose answer was delivered."""
    collector, twilio = deployment.collector, deployment.twilio
    body = {"auth_token": TOKEN, "senders": [SENDER]}
    shown = await deployment.http.put(f"/v1/channels/twilio/{ACCOUNT}", json=body)
    await twilio.says(shown.json()["webhook"], ADA, QUESTION)
    await until(lambda: [span for span in collector.spans if span.name == "work deliver"])
    (delivered,) = [span for span in collector.spans if span.name == "work deliver"]
    return delivered.trace


async def test_one_trace_shows_a_message_from_the_webhook_to_its_delivery(
    deployment: Deployment, trace: str
) -> None:
    collector = deployment.collector

    def linked() -> set[tuple[str, str]]:
        there = [span for span in collector.spans if any(to == trace for to, _ in span.links)]
        return {(span.name, span.resource["retrace.role"]) for span in there}

    await until(linked)
    assert linked() == {("project", "projector")}
    spans = collector.of(trace)
    told = roles(spans)
    assert told["POST /webhooks/twilio/{tenant}"] == ["serve < "]
    assert told["work answer"] == ["worker < save"]
    assert told["answer"] == ["worker < work answer"]
    assert told["prepare"] == ["worker < answer"]
    assert told["understand"] == told["retrieve"] == ["worker < prepare"]
    assert told["ask index"] == ["worker < retrieve"]
    assert told["complete"] == told["record"] == ["worker < answer"]
    assert told["chat gpt-6-luna"] == ["worker < complete"]
    assert told["work deliver"] == ["worker < save"]
    assert told["send"] == ["worker < work deliver"]
    assert "serve < POST /webhooks/twilio/{tenant}" in told["save"]
    assert {"worker < record", "worker < send"} <= set(told["save"])
    assert all(span.ended >= span.began for span in spans)
    assert not any(span.failed for span in spans)


async def test_a_call_of_a_model_is_told_by_the_conventions_and_without_its_words(
    deployment: Deployment, trace: str
) -> None:
    collector = deployment.collector
    (call,) = [span for span in collector.of(trace) if span.name == "chat gpt-6-luna"]
    assert call.kind == "CLIENT"
    assert {name: fact for name, fact in call.facts.items() if name.startswith("gen_ai.")} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-6-luna",
        "gen_ai.request.max_tokens": 25_500,  # 500 for the answer, and what it thinks before
        "gen_ai.response.model": "gpt-test-2026",
        "gen_ai.response.id": call.facts["gen_ai.response.id"],
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "gen_ai.usage.reasoning.output_tokens": 10,
    }
    assert call.resource["service.name"] == "retrace"
    assert call.resource["deployment.environment.name"] == "test"

    def figures() -> set[tuple[str, str, str]]:
        """Name, model, kind of tokens."""
        return {
            (metric.name, facts["gen_ai.request.model"], facts.get("gen_ai.token.type", ""))
            for _, metric in collector.metrics
            for facts in (facts_of(point.attributes) for point in metric.histogram.data_points)
        }

    there = {(TOKENS, "gpt-6-luna", kind) for kind in ("input", "output")} | {(DURATION, "gpt-6-luna", "")}
    await until(lambda: figures() >= there)
    (answer, *_) = deployment.twilio.to(ADA)
    for words in (QUESTION, "tombola", answer.body, ADA, ADA.removeprefix("whatsapp:")):
        assert not any(words.encode() in raw for raw in collector.raw)


async def test_a_callers_trace_goes_on_in_the_worker_and_what_it_did_not_sample_is_not_sampled(
    deployment: Deployment,
) -> None:
    collector, caller = deployment.collector, "00f067aa0ba902b7"
    taken, left = uuid4().hex, uuid4().hex
    for trace, flags in ((left, "00"), (taken, "01")):
        headers = {"traceparent": f"00-{trace}-{caller}-{flags}", "X-Request-ID": str(uuid4())}
        body = {"customer": {"channel": "http", "address": trace}, "text": QUESTION, "wait": 0}
        reply = await deployment.http.post("/v1/messages", json=body, headers=headers)
        assert reply.status_code == 202
        where = f"{reply.headers['location']}?wait=30"
        assert (await deployment.http.get(where)).json()["status"] == "answered"
    both = {"POST /v1/messages", "work answer"}  # of two processes, each of which sends when it likes
    await until(lambda: both <= {each.name for each in collector.of(taken)})
    told = roles(collector.of(taken))
    assert told["POST /v1/messages"] == [f"serve < {caller}"]
    assert told["work answer"] == ["worker < save"]
    assert collector.of(left) == []


async def test_a_collector_that_takes_nothing_costs_no_answer_and_the_loss_is_counted(
    deployment: Deployment,
) -> None:
    async def lost() -> float:
        text = (await deployment.http.get(deployment.metrics[0])).text
        found = re.search(r'^retrace_trace_spans_total\{outcome="lost"\} (\S+)', text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    before, deployment.collector.status = await lost(), 400
    try:
        body = {"customer": {"channel": "http", "address": "bob"}, "text": QUESTION}
        reply = await deployment.http.post("/v1/messages", json=body)
        assert reply.json()["status"] == "answered"
        async with asyncio.timeout(PATIENCE):
            while await lost() == before:
                await asyncio.sleep(0.1)
    finally:
        deployment.collector.status = 200
