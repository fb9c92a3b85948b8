"""Ids of traces and spans that follow from ids of ours, so that all processes agree on them without telling each other.

A trace's is the correlation id of the request that began it. The span of a save that makes work due has the id of the event that the work
row names as its cause: whoever does that work knows its parent.
"""

from __future__ import annotations

from contextvars import ContextVar
from uuid import RFC_4122, UUID

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

HALF = (1 << 64) - 1


def span_of(event: UUID) -> int:
    """An event's id follows by SHA-1 from its place in its stream: half of it is as good."""
    return event.int & HALF


class Identities(IdGenerator):
    """Random ones, unless the span that is begun next is told its own."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._trace: ContextVar[int | None] = ContextVar("trace", default=None)
        self._span: ContextVar[int | None] = ContextVar("span", default=None)

    def next(self, *, trace: UUID | None = None, span: UUID | None = None) -> None:
        """Of the span that is begun next in this task."""
        self._trace.set(None if trace is None else trace.int)
        self._span.set(None if span is None else span_of(span))

    def generate_trace_id(self) -> int:
        wanted = self._trace.get()
        self._trace.set(None)
        return wanted or self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        wanted = self._span.get()
        self._span.set(None)
        return wanted or self._random.generate_span_id()


class Even(Sampler):
    """Another sampler that sees a UUID's bits well mixed. Those that sample by a ratio compare a trace id's lower half, where a UUID's first
    two bits are always the same: of ten per cent they would take none."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: list[Link] | tuple[Link, ...] | None = None,  # type: ignore[override]
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        return self._sampler.should_sample(
            parent_context, mixed(trace_id), name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        return self._sampler.get_description()


def mixed(trace: int) -> int:
    """The same in every process. What is no UUID, as another service's trace id, stays as it is: that one decides by it too."""
    if (id := UUID(int=trace)).variant != RFC_4122 or id.version not in (4, 7):
        return trace
    low = trace & HALF
    return trace & ~HALF | (low * 0x9E3779B97F4A7C15 ^ low >> 29) & HALF
