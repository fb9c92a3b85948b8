"""Calls of models: a span each by the conventions of `gen_ai`, and their two histograms. Implements `application.ports.CallObserver`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.metrics import Meter
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from application.ports import CallObserver
from domain.models.completion import Attempt, Completion, CompletionRequest
from infra.telemetry import conventions as names

ModelOf = Callable[[str, str], str]
"""Provider and model → the model as figures name it: tenants may name what they like, and there is only so much room for figures."""


class Calls:
    """Tells `first` of each call, and then the traces and figures. `content`: whether spans hold what was asked and answered."""

    def __init__(
        self,
        first: CallObserver,
        tracer: Tracer | None,
        meter: Meter | None,
        model_of: ModelOf,
        *,
        content: bool,
    ) -> None:
        self._first, self._tracer, self._model_of, self._content = first, tracer, model_of, content
        self._tokens = self._seconds = None
        if meter is not None:
            self._tokens = meter.create_histogram(
                names.TOKENS,
                "{token}",
                "Tokens of calls of models.",
                explicit_bucket_boundaries_advisory=names.TOKEN_BUCKETS,
            )
            self._seconds = meter.create_histogram(
                names.DURATION,
                "s",
                "How long calls of models took.",
                explicit_bucket_boundaries_advisory=names.DURATION_BUCKETS,
            )

    def called(
        self,
        attempt: Attempt,
        request: CompletionRequest | None = None,
        completion: Completion | None = None,
    ) -> None:
        self._first.called(attempt, request, completion)
        if attempt.cached:
            return  # nobody was asked
        common = {
            names.OPERATION: names.OPERATIONS[attempt.kind],
            names.PROVIDER: names.PROVIDERS.get(attempt.provider, attempt.provider),
        }
        if attempt.outcome != "ok":
            common[names.ERROR] = attempt.outcome
        self._count(attempt, common)
        if self._tracer is None:
            return
        about = common | _facts(attempt) | _wanted(request)
        if completion is not None:
            about[names.FINISH] = [each.finish for each in completion.choices]
        if self._content and request is not None:
            about |= _texts(request, completion)
        began = int(attempt.started_at.timestamp() * 1e9)
        span = self._tracer.start_span(
            f"{common[names.OPERATION]} {attempt.model}", None, SpanKind.CLIENT, about, start_time=began
        )
        if attempt.outcome != "ok":
            span.set_status(Status(StatusCode.ERROR))
        span.end(began + int(attempt.latency_ms * 1e6))

    def _count(self, attempt: Attempt, common: Mapping[str, str]) -> None:
        if self._tokens is None or self._seconds is None:
            return
        of_model = {**common, names.MODEL: self._model_of(attempt.provider, attempt.model)}
        self._seconds.record(attempt.latency_ms / 1000, of_model)
        if attempt.usage.source == "estimate":
            return  # the conventions want a count, or none
        for kind, tokens in (("input", attempt.usage.input), ("output", attempt.usage.output)):
            if tokens:
                self._tokens.record(tokens, {**of_model, names.TOKEN: kind})


def _facts(attempt: Attempt) -> dict[str, Any]:
    usage = attempt.usage
    found = {
        names.MODEL: attempt.model,
        names.SERVED: attempt.served,
        names.RESPONSE: attempt.request_id,
        names.INPUT: usage.input or None,
        names.OUTPUT: usage.output or None,
        names.CACHED: usage.cached or None,
        names.WRITTEN: usage.written or None,
        names.REASONING: usage.reasoning or None,
        "retrace.usage.source": usage.source if usage.input or usage.output else None,
        "retrace.cost_usd": float(attempt.cost) if attempt.cost else None,
    }
    return {name: fact for name, fact in found.items() if fact is not None}


def _wanted(request: CompletionRequest | None) -> dict[str, Any]:
    if request is None:
        return {}
    found = {
        names.MAX_TOKENS: request.max_tokens or request.answer_tokens,
        names.TEMPERATURE: request.temperature,
        names.TOP_P: request.options.get("top_p"),
        names.SEED: request.options.get("seed"),
        names.CHOICES: request.choices if request.choices > 1 else None,
    }
    return {name: fact for name, fact in found.items() if fact is not None}


def _texts(request: CompletionRequest, completion: Completion | None) -> dict[str, str]:
    told = [part for turn in request.prompt if turn.role == "system" for part in names.parts(turn.text)]
    found: dict[str, Any] = {names.INSTRUCTIONS: told, names.ASKED: names.messages(request.prompt)}
    if completion is not None:
        found[names.SAID] = [
            {
                "role": "assistant",
                "parts": [*names.parts(each.text), *names.call_parts(each.calls)],
                "finish_reason": each.finish,
            }
            for each in completion.choices
        ]
    return {name: json.dumps(value, ensure_ascii=False) for name, value in found.items() if value}
