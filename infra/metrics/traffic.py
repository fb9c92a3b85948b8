"""Figures of what comes in over the network, beside requests: streams."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Streams:
    """Answers that go on for long."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open = Gauge("retrace_streams", "Streams that are open now.", registry=registry)
        self._cut = Counter(
            "retrace_streams_cut",
            "Streams and waits that were ended because their caller may do this no more, by the refusal.",
            ["reason"],
            registry=registry,
        )
        self._refused = Counter(
            "retrace_streams_refused",
            "Streams that were one too many, by the bound: key, tenant or all.",
            ["bound"],
            registry=registry,
        )

    def opened(self, count: int) -> None:
        self._open.set(count)

    def cut(self, reason: str) -> None:
        self._cut.labels(reason).inc()

    def refused(self, bound: str) -> None:
        self._refused.labels(bound).inc()
