"""Whether the collector can be reached: an empty delivery of each signal, made as a role makes it, with the standard variables' headers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData
from opentelemetry.sdk.trace.export import SpanExportResult

PATIENCE = 3.0
"""Seconds."""

GENERAL = "OTEL_EXPORTER_OTLP_ENDPOINT"
HINTS = {
    401: "look at OTEL_EXPORTER_OTLP_HEADERS",
    403: "look at OTEL_EXPORTER_OTLP_HEADERS",
    404: f"{GENERAL} is to name its port for OTLP over HTTP, mostly 4318, without a path",
    405: f"{GENERAL} is to name its port for OTLP over HTTP, mostly 4318, without a path",
    415: f"{GENERAL} is to name its port for OTLP over HTTP, mostly 4318",
}


async def refusals(to: Mapping[str, str]) -> dict[str, str | None]:
    """Signal → why it is not taken, and what to do; None: it is. `to`: signal → address."""
    return {signal: await asyncio.to_thread(_refusal, signal, address) for signal, address in to.items()}


def shown(address: str) -> str:
    """Without a user and a password, which a log should not have."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class _Heard(logging.Handler):
    """What an exporter says of a delivery stands in its log alone."""

    def __init__(self) -> None:
        super().__init__()
        self.status: int | None = None
        self.why = ""

    def emit(self, record: logging.LogRecord) -> None:
        for each in record.args if isinstance(record.args, tuple) else ():
            if isinstance(each, int) and 100 <= each < 600:
                self.status = each
            elif isinstance(each, BaseException):
                self.why = self.why or type(each).__name__


def _refusal(signal: str, address: str) -> str | None:
    heard = _Heard()
    kind = OTLPSpanExporter if signal == "traces" else OTLPMetricExporter
    logger = logging.getLogger(kind.__module__)
    before, level = (logger.propagate, logger.filters), logger.level
    logger.addHandler(heard)
    logger.propagate, logger.filters = False, []  # a process that tells by itself says each thing seldom
    logger.setLevel(logging.WARNING)
    try:
        done = _delivered(signal, address)
    finally:
        logger.removeHandler(heard)
        logger.propagate, logger.filters = before
        logger.setLevel(level)
    if done:
        return None
    where = shown(address)
    if heard.status is not None:
        hint = HINTS.get(heard.status, "its own log says why")
        return f"{where} refuses it with {heard.status}; {hint}"
    return f"{where} does not answer ({heard.why or f'nothing within {PATIENCE:g} seconds'}); start the collector, or set {GENERAL} to where it is"


def _delivered(signal: str, address: str) -> bool:
    exporter: Any
    if signal == "traces":
        exporter = OTLPSpanExporter(endpoint=address, timeout=PATIENCE)
        done = exporter.export([]) is SpanExportResult.SUCCESS
    else:
        exporter = OTLPMetricExporter(endpoint=address, timeout=PATIENCE)
        done = exporter.export(MetricsData([])) is MetricExportResult.SUCCESS
    exporter.shutdown()
    return done
