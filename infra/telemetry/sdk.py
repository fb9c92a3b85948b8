"""OpenTelemetry's SDK as this process uses it: what is told to whom. Standard variables say how often, how much, with which headers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Self

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import _get_from_env_or_default
from opentelemetry.trace import Tracer

from application.ports import CallObserver
from infra.log.store import LogStore
from infra.metrics.instruments import Instruments
from infra.redis.connection import RedisConnection
from infra.settings import Settings
from infra.telemetry.calls import Calls
from infra.telemetry.conventions import SCHEMA
from infra.telemetry.delivery import Batches, Counting, in_time, quiet
from infra.telemetry.identity import Even, Identities
from infra.telemetry.notes import Notes
from infra.telemetry.store import TracedStore
from infra.telemetry.tracing import Traces

SCOPE = "retrace"


class Telemetry:
    """Of one process. `traces` is None where only figures are told."""

    def __init__(
        self,
        settings: Settings,
        role: str,
        to: Mapping[str, str],
        redis: RedisConnection,
        instruments: Instruments,
    ) -> None:
        quiet()
        self.traces: Traces | None = None
        self._notes = Notes(redis)
        self._tracer: Tracer | None = None
        self._spans: TracerProvider | None = None
        self._figures: MeterProvider | None = None
        resource = resource_of(role)
        if "traces" in to:
            identities, sampler = Identities(), Even(_get_from_env_or_default())
            exporter = Counting(OTLPSpanExporter(endpoint=to["traces"]), instruments.spans)
            self._spans = TracerProvider(
                sampler=sampler, resource=resource, id_generator=identities, shutdown_on_exit=False
            )
            self._batches = Batches(exporter, instruments.spans)
            self._spans.add_span_processor(self._batches)
            self._tracer = tracer = self._spans.get_tracer(SCOPE, schema_url=SCHEMA)
            self.traces = Traces(tracer, identities, sampler, self._notes)
        if "metrics" in to:
            reader = PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=to["metrics"]))
            self._figures = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._content, self._model_of = settings.trace_content, instruments.model_of

    def observer(self, first: CallObserver) -> Calls:
        """Tells `first`, and the collector, of calls of models."""
        meter = None if self._figures is None else self._figures.get_meter(SCOPE, schema_url=SCHEMA)
        return Calls(first, self._tracer, meter, self._model_of, content=self._content)

    def store(self, *parts: Any) -> LogStore:
        """The log's, of its parts; its saves are traced, where anything is."""
        return LogStore(*parts) if self.traces is None else TracedStore(self.traces, *parts)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._notes.close()
        await asyncio.gather(
            *(in_time(each.shutdown) for each in (self._spans, self._figures) if each is not None)
        )


def resource_of(role: str) -> Resource:
    """What the standard variables say goes before what is said here."""
    ours = {"service.name": "retrace", "service.version": version("retrace"), "retrace.role": role}
    given = {
        each.partition("=")[0].strip() for each in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(",")
    }
    if os.environ.get("OTEL_SERVICE_NAME"):
        given.add("service.name")
    return Resource.create({name: text for name, text in ours.items() if name not in given})
