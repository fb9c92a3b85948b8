"""An OpenTelemetry collector on loopback: OTLP over HTTP as protobuf (https://opentelemetry.io/docs/specs/otlp/#otlphttp), and its faults."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from tests.doubles.wire import Call, Reply, Wire, serving

PROTOBUF = "application/x-protobuf"


@dataclass(frozen=True)
class Span:
    """`trace`, `id`, `parent` in hexadecimal digits; no parent is the empty text. `kind` as SERVER; `links`: (trace, span)."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    facts: dict[str, Any]
    resource: dict[str, Any]
    links: Sequence[tuple[str, str]]
    failed: bool
    began: int
    ended: int


class Collector(Wire):
    """`spans` and `metrics` in the order in which they came; `raw`: all that came, as bytes. `status`: of each answer."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.spans: list[Span] = []
        self.metrics: list[tuple[dict[str, Any], Metric]] = []
        self.raw: list[bytes] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, trace: str) -> list[Span]:
        return [span for span in self.spans if span.trace == trace]

    def _reply(self, call: Call) -> Reply:
        if self.status != 200:
            return Reply(self.status, body=b"")
        assert call.fields["content-type"] == PROTOBUF
        content = call.content
        if call.fields.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        self.raw.append(content)
        answer: Message
        match call.path:
            case "/v1/traces":
                self._take_spans(ExportTraceServiceRequest.FromString(content))
                answer = ExportTraceServiceResponse()
            case "/v1/metrics":
                for each in ExportMetricsServiceRequest.FromString(content).resource_metrics:
                    about = facts_of(each.resource.attributes)
                    self.metrics += [
                        (about, metric) for scope in each.scope_metrics for metric in scope.metrics
                    ]
                answer = ExportMetricsServiceResponse()
            case _:
                return Reply(404, body=b"")
        return Reply(200, {"Content-Type": PROTOBUF}, answer.SerializeToString())

    def _take_spans(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            about = facts_of(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        Span(
                            name=span.name,
                            kind=span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                            trace=span.trace_id.hex(),
                            id=span.span_id.hex(),
                            parent=span.parent_span_id.hex(),
                            facts=facts_of(span.attributes),
                            resource=about,
                            links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                            failed=span.status.code == span.status.STATUS_CODE_ERROR,
                            began=span.start_time_unix_nano,
                            ended=span.end_time_unix_nano,
                        )
                    )


def facts_of(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, str(kind))


@asynccontextmanager
async def collector_double() -> AsyncIterator[Collector]:
    double = Collector()
    async with serving(double):
        yield double
