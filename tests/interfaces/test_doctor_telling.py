"""`retrace doctor` on who is told how the roles do."""

from __future__ import annotations

import msgspec
import pytest

from infra.settings import Settings
from infra.telemetry import probing
from infra.telemetry.delivery import quiet
from interfaces.doctor.check import Check
from interfaces.doctor.telling import of_collector, of_metrics
from interfaces.running import Running
from interfaces.supervisor_metrics import METRICS, Figures, telling
from tests.doubles.collector import collector_double
from tests.ports import free_port


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy stands still at times."""
    monkeypatch.setattr(probing, "PATIENCE", 30.0)


async def collector(settings: Settings) -> list[Check]:
    return [check async for check in of_collector(settings)]


async def test_a_collector_is_asked_as_the_roles_would(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet()  # as in a process that tells it something itself
    (none,) = await collector(Settings())
    assert (none.ok, "OTEL_EXPORTER_OTLP_ENDPOINT" in none.detail) == (True, True)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary")
    async with collector_double() as double:
        settings = Settings(otlp_endpoint=double.url)
        found = await collector(settings)
        assert [(check.check, check.ok) for check in found] == [
            ("collector of traces", True),
            ("collector of metrics", True),
        ]
        assert {call.fields["authorization"] for call in double.calls} == {"Bearer canary"}
        assert (double.spans, double.metrics) == ([], [])
        for status, hint in ((404, "4318"), (401, "OTEL_EXPORTER_OTLP_HEADERS"), (400, "its own log")):
            double.status = status
            for check in await collector(settings):
                assert not check.ok
                assert f"refuses it with {status}" in check.detail
                assert hint in check.detail
                assert "canary" not in check.detail
    monkeypatch.setattr(probing, "PATIENCE", 1.0)
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    (gone,) = await collector(Settings(otlp_endpoint=f"http://user:canary@127.0.0.1:{free_port()}"))
    assert not gone.ok
    assert "start the collector" in gone.detail
    assert "canary" not in gone.detail
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    (refused,) = await collector(Settings(otlp_endpoint="http://127.0.0.1:4317"))
    assert (refused.ok, "give http/protobuf" in refused.detail) == (False, True)


async def test_each_role_is_asked_for_its_metrics() -> None:
    running = Running(pid=1, since=0, url="", roles=(), database="", redis=None, masters=())
    assert "RETRACE_METRICS_PORT" in (await of_metrics(Settings(), running)).detail
    settings = Settings(metrics_port=free_port(3))
    assert settings.metrics_port is not None
    with telling(settings.metrics_port + METRICS["supervisor"], settings.host, Figures(), print):
        alone = await of_metrics(settings, running)
        assert (alone.ok, alone.detail) == (True, f"supervisor at port {settings.metrics_port + 2}")
        both = msgspec.structs.replace(running, roles=("serve", "worker"))
        found = await of_metrics(settings, both)
    assert not found.ok
    assert f"the worker does not tell at port {settings.metrics_port + METRICS['worker']}" in found.detail
    assert "supervisor" not in found.detail
