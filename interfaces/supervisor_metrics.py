"""What the supervisor tells Prometheus, and which role tells its metrics at which port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

VARIABLE = "RETRACE_METRICS_PORT"
METRICS = {"worker": 0, "projector": 1, "supervisor": 2}
"""Role → how far its port of metrics lies beyond RETRACE_METRICS_PORT."""


class Figures:
    """The supervisor's own, for Prometheus, whose client is imported where somebody is told only."""

    def __init__(self) -> None:
        self.disk: int | None = None
        """Bytes that are left."""

        self._alive: dict[str, bool] = {}
        self._starts: Counter[str] = Counter()

    def started(self, name: str) -> None:
        self._starts[name] += 1

    def looked(self, role: str, *, alive: bool) -> None:
        self._alive[role] = alive

    def collect(self) -> Iterator[Metric]:
        """Of prometheus_client's `Collector`."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        text = "Whether the role's process lives."
        alive = GaugeMetricFamily("retrace_role_up", text, labels=["role"])
        for role, lives in list(self._alive.items()):
            alive.add_metric([role], float(lives))
        yield alive
        text = "How often a role's process, or a server that had died, was started."
        starts = CounterMetricFamily("retrace_starts", text, labels=["name"])
        for name, count in list(self._starts.items()):
            starts.add_metric([name], count)
        yield starts
        text = "What is left on the disk of the data folder."
        yield GaugeMetricFamily("retrace_disk_free_bytes", text, value=self.disk)

    def registry(self) -> CollectorRegistry:
        """With what the system says of this process."""
        from prometheus_client import CollectorRegistry, ProcessCollector

        found = CollectorRegistry()
        ProcessCollector(registry=found)
        found.register(self)
        return found


def port_of(first: int | None, role: str) -> int | None:
    """The port at which a role, or the supervisor, tells its metrics, where the setting is `first`. None: it does not at one of its own."""
    return None if first is None or role not in METRICS else first + METRICS[role]


def metrics_ports(first: int | None, roles: Sequence[str]) -> dict[str, int]:
    """Role → that port; empty where none does."""
    found = {role: port_of(first, role) for role in METRICS if role in (*roles, "supervisor")}
    return {role: port for role, port in found.items() if port is not None}


@contextmanager
def telling(port: int | None, host: str, figures: Figures, say: Callable[[str], None]) -> Iterator[None]:
    """The supervisor's metrics, from a thread of its own, where there is a port for them."""
    if port is None:
        yield
        return
    from prometheus_client import start_http_server

    try:
        server, thread = start_http_server(port, host, figures.registry())
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
