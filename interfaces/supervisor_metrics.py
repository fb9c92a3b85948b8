"""What the supervisor tells Prometheus, and which role tells its metrics at which port."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, start_http_server

from infra.settings import FIELDS, Settings

METRICS = {"worker": 0, "projector": 1, "supervisor": 2}
"""Role → how far its port of metrics lies beyond RETRACE_METRICS_PORT."""


class Figures:
    """The supervisor's own, for Prometheus."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        text = "Whether the role's process lives."
        self._alive = Gauge("retrace_role_up", text, ["role"], registry=self.registry)
        text = "How often a role's process, or a server that had died, was started."
        self._starts = Counter("retrace_starts", text, ["name"], registry=self.registry)
        self.disk = Gauge(
            "retrace_disk_free_bytes", "What is left on the disk of the data folder.", registry=self.registry
        )

    def started(self, name: str) -> None:
        self._starts.labels(name).inc()

    def looked(self, role: str, *, alive: bool) -> None:
        self._alive.labels(role).set(alive)


def metrics_port(settings: Settings, role: str) -> dict[str, str]:
    """The variable that a role's process is given for its metrics."""
    if settings.metrics_port is None or role not in METRICS:
        return {}
    return {FIELDS["metrics_port"].variable: str(settings.metrics_port + METRICS[role])}


def metrics_ports(settings: Settings, roles: Sequence[str]) -> dict[str, int]:
    """Role → the port at which it, or the supervisor, tells its metrics; empty where none does."""
    if settings.metrics_port is None:
        return {}
    return {role: settings.metrics_port + n for role, n in METRICS.items() if role in (*roles, "supervisor")}


@contextmanager
def telling(settings: Settings, figures: Figures, say: Callable[[str], None]) -> Iterator[None]:
    """The supervisor's metrics, from a thread of its own, where a port is set."""
    if settings.metrics_port is None:
        yield
        return
    port = settings.metrics_port + METRICS["supervisor"]
    try:
        server, thread = start_http_server(port, settings.host, figures.registry)
    except OSError as error:
        say(f"the supervisor's metrics are not told: port {port} is not to be had ({error.strerror})")
        yield
        return
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
