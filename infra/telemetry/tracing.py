"""Tracing: the spans of requests, of work, of the steps within them, of saves, and of batches of the projector.

No span holds a text of a person's, and of an error no more than its class: what texts say is for the log, and who may read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from time import time_ns
from uuid import UUID

import msgspec
from opentelemetry import trace
from opentelemetry.context import Context as Around
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from application.base.steps import Facts, tracing
from application.ports import Item, Kind, Settled
from domain.base.context import Context
from domain.base.recorded import Recorded
from infra.telemetry.conventions import ERROR, METHOD, ROUTE, STATUS
from infra.telemetry.identity import Identities, span_of
from infra.telemetry.notes import Notes

APART = timedelta(hours=1)
"""After that much, work is a trace of its own, with a link to what began it: no trace is kept open for days."""

LINKS = 64
"""Of one batch, at most."""

TENANT, KIND, ATTEMPT = "retrace.tenant", "retrace.work.kind", "retrace.work.attempt"

_correlation: ContextVar[UUID | None] = ContextVar("traced correlation", default=None)
"""Whose trace it is that a span begun now belongs to."""

Ended = Callable[[str, int, UUID | None], None]
"""Takes a request's route, its status and its tenant."""


class Traces:
    """One per process. Implements `application.base.steps.Tracing`."""

    def __init__(self, tracer: trace.Tracer, identities: Identities, sampler: Sampler, notes: Notes) -> None:
        self._tracer, self._identities, self._sampler, self._notes = tracer, identities, sampler, notes

    @contextmanager
    def request(self, method: str, headers: Iterable[tuple[bytes, bytes]], id: UUID) -> Iterator[Ended]:
        """Around an HTTP request, in its caller's trace where it names one. `id` is its correlation."""
        given = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in headers if name[:5] == b"trace"
        }
        around = TraceContextTextMapPropagator().extract(given, Around())
        caller = trace.get_current_span(around).get_span_context()
        if caller.is_valid:
            self._notes.keep(id, given["traceparent"])
        else:
            self._identities.next(trace=id)
        span = self._tracer.start_span(
            method, around, SpanKind.SERVER, {METHOD: method, "retrace.correlation": str(id)}
        )

        def ended(route: str, status: int, tenant: UUID | None) -> None:
            span.update_name(f"{method} {route}")
            span.set_attributes({ROUTE: route, STATUS: status})
            if tenant is not None:
                span.set_attribute(TENANT, str(tenant))
            if status >= 500:
                span.set_attribute(ERROR, str(status))
                span.set_status(Status(StatusCode.ERROR))

        with self._under_way(span, id):
            yield ended

    def kinds(self, every: Mapping[str, Kind]) -> Mapping[str, Kind]:
        """The same kinds of work, each try at which is a span below the save that made it due."""
        return {
            name: msgspec.structs.replace(kind, handler=self._traced(kind)) for name, kind in every.items()
        }

    def _traced(self, kind: Kind) -> Callable[[Item], Coroutine[None, None, datetime | Settled | None]]:
        async def handler(item: Item) -> datetime | Settled | None:
            span = self._work(item, await self._parent(item.correlation, item.causation))
            with self._under_way(span, item.correlation):
                again_at = await kind.handler(item)
                if isinstance(again_at, datetime):
                    span.set_attribute("retrace.work.again", True)
                return again_at

        return handler

    def _work(self, item: Item, parent: SpanContext | None) -> trace.Span:
        around, links = Around(), list[Link]()
        if parent is not None and _long_ago(item.correlation):
            links = [Link(parent)]
        elif parent is not None:
            around = trace.set_span_in_context(NonRecordingSpan(parent), around)
        about: Facts = {TENANT: str(item.tenant), KIND: item.kind, ATTEMPT: item.attempts}
        self._identities.next()
        return self._tracer.start_span(f"work {item.kind}", around, SpanKind.CONSUMER, about, links)

    @contextmanager
    def step(self, name: str, facts: Facts) -> Iterator[None]:
        self._identities.next()
        with self._within(self._tracer.start_span(name, attributes=_named(facts))):
            yield

    def tell(self, facts: Facts) -> None:
        trace.get_current_span().set_attributes(_named(facts))

    @contextmanager
    def saving(
        self, context: Context, causes: Sequence[UUID], topics: Sequence[str]
    ) -> Iterator[Callable[[int, bool], None]]:
        """Around a save. `causes`: events by which work that it makes due names it as its parent.

        A burst is answered on behalf of its first message, while the work was begun by the last one: what comes of that is in the trace of the
        first.
        """
        here, links, around = trace.get_current_span(), list[Link](), None
        if context.correlation != _correlation.get():
            around = Around()
            if here.get_span_context().is_valid:
                links = [Link(here.get_span_context())]
        self._identities.next(trace=context.correlation, span=causes[0] if causes else None)
        about = {TENANT: str(context.tenant), "retrace.topics": list(topics)}
        span = self._tracer.start_span("save", around, attributes=about, links=links)
        if links:
            here.add_link(span.get_span_context())
        within = trace.set_span_in_context(span)
        for cause in causes[1:]:  # work that names another of its events finds its parent too
            self._identities.next(span=cause)
            self._tracer.start_span("owe", within).end()

        def saved(position: int, duplicate: bool) -> None:
            span.set_attributes({"retrace.position": position, "retrace.duplicate": duplicate})

        with self._within(span):
            yield saved

    async def applied(self, place: str, events: Sequence[Recorded], positions: int, seconds: float) -> None:
        """A batch of the projector, which has ended: it links to what its events come of."""
        if not events:
            return
        last = {event.correlation: event.id for event in events}
        some = list(last)[-LINKS:]
        callers = await self._notes.find(some)
        links = [Link(_remote(each, last[each], callers.get(each))) for each in some]
        about: Facts = {TENANT: str(events[0].tenant), "retrace.place": place, "retrace.positions": positions}
        ended = time_ns()
        self._identities.next()
        span = self._tracer.start_span(
            "project", Around(), SpanKind.CONSUMER, about, links, ended - int(seconds * 1e9)
        )
        span.end(ended)

    @contextmanager
    def _under_way(self, span: trace.Span, correlation: UUID | None) -> Iterator[None]:
        told, whose = tracing.set(self), _correlation.set(correlation)
        try:
            with self._within(span):
                yield
        finally:
            _correlation.reset(whose)
            tracing.reset(told)

    @contextmanager
    def _within(self, span: trace.Span) -> Iterator[None]:
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield
            except asyncio.CancelledError:
                span.set_attribute(ERROR, "cancelled")
                raise
            except Exception as error:
                span.set_attribute(ERROR, type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    async def _parent(self, correlation: UUID | None, cause: UUID | None) -> SpanContext | None:
        if correlation is None or cause is None:
            return None
        caller = (await self._notes.find([correlation])).get(correlation)
        if caller is not None:
            return _remote(correlation, cause, caller)
        # Whoever began it has decided by the trace's id whether it is sampled; so is it decided here.
        decision = self._sampler.should_sample(None, correlation.int, "").decision
        taken = decision is Decision.RECORD_AND_SAMPLE
        return _remote(correlation, cause, None, taken)


def _remote(correlation: UUID, cause: UUID, caller: str | None, taken: bool = True) -> SpanContext:
    """The span of the save that made `cause`, in its caller's trace where there was one."""
    id, flags = correlation.int, TraceFlags.SAMPLED if taken else TraceFlags.DEFAULT
    if caller is not None:
        _, theirs, _, given = caller.split("-")[:4]
        id, flags = int(theirs, 16), int(given, 16) & TraceFlags.SAMPLED
    return SpanContext(id, span_of(cause), is_remote=True, trace_flags=TraceFlags(flags))


def _long_ago(correlation: UUID | None) -> bool:
    """Whether a request came so, by its id; one that its caller chose says nothing."""
    if correlation is None or correlation.version != 7:
        return False
    return datetime.now(UTC) - datetime.fromtimestamp((correlation.int >> 80) / 1000, UTC) > APART


def _named(facts: Facts) -> Facts:
    return {f"retrace.{name}": fact for name, fact in facts.items()}
