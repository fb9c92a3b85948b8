"""Delivery of spans to a collector, in the background. One that is away costs what it would have got, and that is counted."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

GRACE = 2.0
"""Seconds for the last spans when the process stops."""

Count = Callable[[str, int], None]
"""Takes what became of so many spans: sent or lost."""

NOISY = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.sdk._shared_internal",
)


class Counting(SpanExporter):
    """Another exporter, whose spans are counted."""

    def __init__(self, exporter: SpanExporter, count: Count) -> None:
        self._exporter, self._count = exporter, count

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        sent = False
        try:
            result = self._exporter.export(spans)
            sent = result is SpanExportResult.SUCCESS
            return result
        finally:
            self._count("sent" if sent else "lost", len(spans))

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)


class Batches(BatchSpanProcessor):
    """Spans wait in a queue with an end (OTEL_BSP_MAX_QUEUE_SIZE): what is dropped there is counted, and what is left at the end."""

    def __init__(self, exporter: Counting, count: Count) -> None:
        super().__init__(exporter)
        self._counted = count

    @property
    def waiting(self) -> int:
        return len(self._batch_processor._queue)

    def on_end(self, span: ReadableSpan) -> None:
        if self.waiting >= self._batch_processor._max_queue_size:
            self._counted("lost", 1)
        super().on_end(span)


async def in_time(end: Callable[[], object], seconds: float = GRACE) -> bool:
    """Call what may block, in a thread that nobody waits for longer than that: a process must be able to stop."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def run() -> None:
        try:
            end()
        finally:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=run, daemon=True).start()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
    return ended.is_set()


class Seldom(logging.Filter):
    """The 1st, 2nd, 4th, 8th … line of each text: a collector that is away is told, not again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        self._counts[str(record.msg)] = count = self._counts.get(str(record.msg), 0) + 1
        return count & (count - 1) == 0


def quiet() -> None:
    """What the SDK logs of its deliveries, which goes by this process's log."""
    for name in NOISY:
        logger = logging.getLogger(name)
        logger.setLevel(logging.ERROR if "exporter" in name else logging.WARNING)
        if not any(isinstance(each, Seldom) for each in logger.filters):
            logger.addFilter(Seldom())
