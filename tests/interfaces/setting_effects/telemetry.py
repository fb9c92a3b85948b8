"""What is told to a collector."""

from __future__ import annotations

from collections.abc import Callable

from tests.doubles.collector import Collector
from tests.interfaces.setting_effects.deployment import Deployment, Proof
from tests.until import until


async def otlp_endpoint(deployment: Deployment) -> None:
    await told(deployment, lambda collector: "POST /v1/messages" in [span.name for span in collector.spans])


async def trace_content(deployment: Deployment) -> None:
    await told(deployment, lambda collector: any(b"the tombola" in raw for raw in collector.raw))


async def told(deployment: Deployment, it: Callable[[Collector], bool]) -> None:
    """The collector, of a message."""
    body = {"customer": {"channel": "http", "address": "ann"}, "text": "When does the tombola begin?"}
    assert (await deployment.http.post("/v1/messages", json=body)).status_code == 200
    await until(lambda: it(deployment.doubles["collector"]))


PROOFS: dict[str, Proof] = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_endpoint,
    "RETRACE_TRACE_CONTENT": trace_content,
}
