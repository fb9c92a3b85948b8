"""Counters and histograms of one process, in a registry of its own."""

from __future__ import annotations

import re

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, Summary
from prometheus_client.exposition import choose_encoder

from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Completion, CompletionRequest
from infra.metrics.traffic import Connections, Streams, Webhooks

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # the library does not type it

SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds; upper bounds for requests and batches."""
LONG = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""Seconds; upper bounds for calls of providers and for work."""
STALLS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

NAME, OTHERS = re.compile(r"[A-Za-z0-9_./:@+-]{1,100}"), 100
"""Models that are not in the catalogue and have figures of their own, and how many; the rest is counted as `other`, since tenants may
name what they like."""


class Instruments:
    """`catalogue` is the shipped one: its models have figures of their own, a dated name those of its model."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        # Long: one statement a metric, in the order in which docs/metrics.md has them.
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._catalogue, self._others = catalogue, set[tuple[str, str]]()
        self.connections, self.streams = Connections(registry), Streams(registry)
        self.webhooks = Webhooks(registry)
        self._requests = Counter(
            "retrace_http_requests",
            "Requests by method, route and status.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._request_seconds = Histogram(
            "retrace_http_request_seconds",
            "How long requests took.",
            ["method", "route"],
            buckets=SHORT,
            registry=registry,
        )
        self._known_requests: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        """With their labels, of which there are few: to look them up takes longer than to count."""

        self._limited = Counter(
            "retrace_rate_limited",
            "Requests that were refused because too many came, by the limit.",
            ["limit"],
            registry=registry,
        )
        model = ["provider", "model"]
        self._calls = Counter(
            "retrace_provider_calls",
            "Calls of providers, by outcome.",
            [*model, "outcome"],
            registry=registry,
        )
        self._call_seconds = Histogram(
            "retrace_provider_call_seconds", "How long calls took.", model, buckets=LONG, registry=registry
        )
        self._tokens = Counter(
            "retrace_provider_tokens",
            "Tokens that were charged for: `cached` are part of `input`, `reasoning` of `output`.",
            [*model, "kind"],
            registry=registry,
        )
        self._cost = Counter(
            "retrace_provider_cost_usd", "What calls cost, in USD.", model, registry=registry
        )
        self._sends = Counter(
            "retrace_channel_sends",
            "Messages to customers by channels: what became of each call, or of what was not called for.",
            ["form", "outcome"],
            registry=registry,
        )
        self._searches = Counter(
            "retrace_internet_searches",
            "Searches on the internet, by what came of them.",
            ["outcome"],
            registry=registry,
        )
        self._tries = Counter(
            "retrace_work_tries", "Tries at work, by how they ended.", ["kind", "outcome"], registry=registry
        )
        self._work_seconds = Histogram(
            "retrace_work_seconds", "How long tries took.", ["kind"], buckets=LONG, registry=registry
        )
        self._batches = Histogram(
            "retrace_projection_batch_seconds",
            "How long batches of the projector took, by the place of the read models.",
            ["place"],
            buckets=SHORT,
            registry=registry,
        )
        self._positions = Counter(
            "retrace_projection_positions", "Positions that were applied.", ["place"], registry=registry
        )
        self._aside = Gauge(
            "retrace_projection_tenants_aside",
            "Tenants whose log can't be read, so that their projections wait.",
            ["place"],
            registry=registry,
        )
        self._spans = Counter(
            "retrace_trace_spans",
            "Spans of traces, by what became of them: sent to the collector, or lost.",
            ["outcome"],
            registry=registry,
        )
        self._stalls = Histogram(
            "retrace_loop_stall_seconds",
            "How much later than it should the event loop came to a timer.",
            buckets=STALLS,
            registry=registry,
        )

        self._held = Summary(
            "retrace_loop_held_seconds",
            "What held the event loop for longer than 20 ms: the place, and whether it computed there or waited.",
            ["where", "kind"],
            registry=registry,
        )

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """All figures, and their media type, as the caller's Accept has it."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        if (known := self._known_requests.get(key)) is None:
            known = self._known_requests[key] = (
                self._requests.labels(*key),
                self._request_seconds.labels(method, route),
            )
        count, timer = known
        count.inc()
        timer.observe(seconds)

    def limited(self, limit: str) -> None:
        self._limited.labels(limit).inc()

    def called(
        self,
        attempt: Attempt,
        request: CompletionRequest | None = None,
        completion: Completion | None = None,
    ) -> None:
        """Implements `application.ports.CallObserver`."""
        provider, model = attempt.provider, self.model_of(attempt.provider, attempt.model)
        self._calls.labels(provider, model, attempt.outcome).inc()
        self._call_seconds.labels(provider, model).observe(attempt.latency_ms / 1000)
        usage = attempt.usage
        for kind in ("input", "cached", "output", "reasoning"):
            if tokens := getattr(usage, kind):
                self._tokens.labels(provider, model, kind).inc(tokens)
        if attempt.cost:
            self._cost.labels(provider, model).inc(float(attempt.cost))

    def sent(self, form: str, outcome: str) -> None:
        """Implements `application.ports.SendObserver`."""
        self._sends.labels(form, outcome).inc()

    def searched(self, outcome: str) -> None:
        """On the internet: found, nothing or failed."""
        self._searches.labels(outcome).inc()

    def tried(self, kind: str, outcome: str, seconds: float) -> None:
        self._tries.labels(kind, outcome).inc()
        self._work_seconds.labels(kind).observe(seconds)

    def applied(self, place: str, positions: int, seconds: float) -> None:
        self._batches.labels(place).observe(seconds)
        self._positions.labels(place).inc(positions)

    def left_aside(self, place: str, tenants: int) -> None:
        self._aside.labels(place).set(tenants)

    def spans(self, outcome: str, count: int) -> None:
        """`outcome`: sent or lost. May be called in any thread."""
        self._spans.labels(outcome).inc(count)

    def stalled(self, seconds: float) -> None:
        self._stalls.observe(seconds)

    def held(self, where: str, kind: str, seconds: float) -> None:
        """Implements `infra.metrics.watchdog.Stalls`."""
        self._held.labels(where, kind).observe(seconds)

    def model_of(self, provider: str, model: str) -> str:
        """The label for a model."""
        if self._catalogue is not None and (known := self._catalogue.find(provider, model)) is not None:
            return known.name
        if (provider, model) not in self._others:
            if len(self._others) >= OTHERS or not NAME.fullmatch(model):
                return "other"
            self._others.add((provider, model))
        return model
