"""Figures of what comes in over the network, beside requests: connections and streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge


class Connections:
    """Of the HTTP server. Implements `infra.http.connections.Figures`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open = Gauge(
            "retrace_connections",
            "Connections: new (no whole request came yet), idle (between two), running.",
            ["state"],
            registry=registry,
        )
        self._closed = Counter(
            "retrace_connections_closed",
            "Connections that were closed before their time, by the reason.",
            ["reason"],
            registry=registry,
        )

    def watch(self, counts: Callable[[], Mapping[str, int]]) -> None:
        """Ask `counts` from now on how many there are of each state."""

        def count(state: str) -> float:
            return counts()[state]

        for state in counts():
            self._open.labels(state).set_function(partial(count, state))

    def closed(self, reason: str) -> None:
        self._closed.labels(reason).inc()


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


class Webhooks:
    """Of channels' vendors."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._took = Counter(
            "retrace_webhooks",
            "Webhooks of channels, by what they were: message, duplicate, notice, status, unknown, rejected, failed.",
            ["channel", "outcome"],
            registry=registry,
        )

    def took(self, channel: str, outcome: str) -> None:
        self._took.labels(channel, outcome).inc()
