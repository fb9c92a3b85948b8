"""What the wire test over all processes does not come to: ids, sampling, losses, settings."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, TraceIdRatioBased
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes, http_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

from application.base.steps import step, tell
from application.ports import Kind
from domain.base.context import Context
from infra.ids import uuid7
from infra.redis.connection import RedisConnection
from infra.settings import InvalidSettings, Settings
from infra.telemetry import conventions
from infra.telemetry.delivery import Batches, Counting, in_time
from infra.telemetry.identity import Even, Identities, span_of
from infra.telemetry.notes import Notes
from infra.telemetry.start import endpoints
from infra.telemetry.tracing import Traces
from infra.work.items import Item


class Told:
    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        identities = Identities()
        provider = TracerProvider(sampler=ALWAYS_ON, id_generator=identities, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.traces = Traces(provider.get_tracer("test"), identities, ALWAYS_ON, Notes(RedisConnection(None)))

    async def work(self, correlation: UUID, cause: UUID, do: Callable[[], None] = lambda: None) -> None:
        """As a worker does it."""

        async def handler(_: object) -> None:
            do()

        item = Item(uuid4(), "answer", "key", datetime.now(UTC), 1, 1, uuid4(), correlation, cause)
        (kind,) = self.traces.kinds({"answer": Kind(handler=handler)}).values()
        await kind.handler(item)

    def __getitem__(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans.get_finished_spans() if span.name == name]
        return found


@pytest.fixture
def told() -> Told:
    return Told()


def context(correlation: UUID) -> Context:
    return Context(tenant=uuid4(), actor="test", correlation=correlation)


async def test_work_goes_on_below_the_save_that_made_it_due(told: Told) -> None:
    request, cause = uuid7(), uuid4()
    with told.traces.request("POST", [], request) as ended:
        with told.traces.saving(context(request), [cause], ["conversation.message_received"]) as saved:
            saved(7, False)
        ended("/v1/messages", 200, None)
    await told.work(request, cause)
    root, save, work = told["POST /v1/messages"], told["save"], told["work answer"]
    assert root.context is not None
    assert {span.context.trace_id for span in (root, save, work) if span.context} == {request.int}
    assert save.parent is not None
    assert save.parent.span_id == root.context.span_id
    assert work.parent is not None
    assert work.parent.span_id == span_of(cause)


async def test_what_comes_of_a_burst_is_in_the_trace_of_its_first_message(told: Told) -> None:
    first, last = uuid7(), uuid7()

    def save_it() -> None:
        with told.traces.saving(context(first), [uuid4(), uuid4()], []):
            pass

    await told.work(last, uuid4(), save_it)
    save, work = told["save"], told["work answer"]
    assert save.context is not None
    assert work.context is not None
    assert (work.context.trace_id, save.context.trace_id, save.parent) == (last.int, first.int, None)
    assert [link.context.trace_id for link in save.links] == [last.int]
    assert [link.context.span_id for link in work.links] == [save.context.span_id]
    owe = told["owe"]
    assert owe.parent is not None
    assert owe.parent.span_id == save.context.span_id


async def test_work_long_after_its_request_is_a_trace_of_its_own(told: Told) -> None:
    request = UUID(int=uuid7().int - (2 * 3_600_000 << 80))

    def fail() -> None:
        raise ValueError("words of a person")

    with pytest.raises(ValueError, match="words"):
        await told.work(request, uuid4(), fail)
    work = told["work answer"]
    assert work.context is not None
    assert work.context.trace_id != request.int
    assert [link.context.trace_id for link in work.links] == [request.int]
    assert work.attributes is not None
    assert work.attributes["error.type"] == "ValueError"
    assert "person" not in str(work.to_json())


async def test_a_step_is_told_where_somebody_listens_and_its_errors_have_no_words(told: Told) -> None:
    @step("think")
    async def think(what: str) -> str:
        tell(outcome="thought")
        if not what:
            raise ValueError("words of a person")
        return what

    assert await think("nothing") == "nothing"  # nobody listens
    with told.traces.request("GET", [], uuid7()), pytest.raises(ValueError, match="words"):
        await think("")
    thought = told["think"]
    assert thought.attributes == {"retrace.outcome": "thought", "error.type": "ValueError"}
    assert "person" not in str(thought.to_json())


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_a_ratio_of_traces_is_sampled_whose_ids_are_ours(rate: float) -> None:
    sampler, count = Even(TraceIdRatioBased(rate)), 20_000
    for make in (uuid7, uuid4):
        taken = sum(sampler.should_sample(None, make().int, "").decision.value == 2 for _ in range(count))
        assert abs(taken / count - rate) < 5 * (rate * (1 - rate) / count) ** 0.5


class Hanging(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        time.sleep(1)
        return SpanExportResult.SUCCESS


def spans_of(processor: Batches, count: int) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    for _ in range(count):
        provider.get_tracer("test").start_span("one").end()
    return provider


async def test_what_no_queue_holds_and_nobody_takes_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
    lost = Counter[str]()
    full = Batches(
        Counting(Hanging(), lambda outcome, n: lost.update({outcome: n})), lambda o, n: lost.update({o: n})
    )
    spans_of(full, 50)
    assert lost["lost"] + full.waiting + 10 >= 50  # a batch may be on its way
    assert lost["lost"] >= 30
    with socket.socket() as taken:  # nobody listens there
        taken.bind(("127.0.0.1", 0))
        gone = Counter[str]()

        def count(outcome: str, n: int) -> None:
            gone[outcome] += n

        exporter = OTLPSpanExporter(
            endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}/v1/traces", timeout=0.2
        )
        provider = spans_of(Batches(Counting(exporter, count), count), 5)
        began = asyncio.get_running_loop().time()
        await in_time(provider.shutdown, 2)
        assert asyncio.get_running_loop().time() - began < 20
        assert gone == {"lost": 5}


def test_the_standard_variables_say_where_signals_go() -> None:
    on = Settings(otlp_endpoint="http://c:4318/")
    both = {"traces": "http://c:4318/v1/traces", "metrics": "http://c:4318/v1/metrics"}
    assert endpoints(Settings(), {}) == {}
    assert endpoints(on, {}) == both
    assert endpoints(on, {"OTEL_SDK_DISABLED": "true"}) == {}
    assert endpoints(on, {"OTEL_METRICS_EXPORTER": "none"}) == {"traces": both["traces"]}
    own = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://t/x"}
    assert endpoints(Settings(), own) == {"traces": "https://t/x"}
    with pytest.raises(InvalidSettings) as refused:
        endpoints(on, {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_TRACES_EXPORTER": "zipkin"})
    assert len(refused.value.errors) == 2
    assert "give http/protobuf" in str(refused.value)


def test_names_are_those_of_the_conventions() -> None:
    theirs = {
        value
        for module in (gen_ai_attributes, gen_ai_metrics, http_attributes)
        for name, value in vars(module).items()
        if name.isupper()
    }
    ours = {
        value
        for name, value in vars(conventions).items()
        if name.isupper()
        and isinstance(value, str)
        and value.startswith(("gen_ai.", "http.request", "http.response"))
    }
    assert len(ours) > 20
    assert ours - theirs == set()
    assert conventions.TOKEN_BUCKETS[-1] == 67108864
    assert conventions.DURATION_BUCKETS[-1] == 81.92


def test_the_roles_import_nothing_of_it_unless_it_is_on() -> None:
    """What redis-py imports by itself of the SDK aside."""
    ours = ("infra.telemetry.sdk", "infra.telemetry.tracing", "opentelemetry.exporter", "opentelemetry.proto")
    code = f"import sys, interfaces.serve, interfaces.worker, interfaces.projector; sys.exit(any(each in sys.modules for each in {ours}))"
    subprocess.run([sys.executable, "-c", code], check=True)
