from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from application import completing
from application.completing import complete
from application.ports import Completer, ProviderError
from domain.completion import Completion, CompletionRequest, Outcome, Usage
from domain.errors import Refused
from domain.pricing import Price, PriceTable

NOW = datetime(2026, 11, 21, tzinfo=UTC)
REQUEST = CompletionRequest(model="", prompt=(), questions=("q",))
PRICES = PriceTable([Price(provider="a", model="served", input=Decimal(1), output=Decimal(2), since=NOW)])


class Scripted:
    """Answers, or fails, one after another; the last outcome stays."""

    def __init__(self, name: str, *outcomes: Outcome, retry_after: float | None = None) -> None:
        self.name, self.outcomes, self.calls, self.retry_after = name, list(outcomes), 0, retry_after

    async def complete(self, request: CompletionRequest) -> Completion:
        outcome = self.outcomes[min(self.calls, len(self.outcomes) - 1)]
        self.calls += 1
        if outcome != "ok":
            raise ProviderError(outcome, "x", self.retry_after)
        return Completion(
            text="yes", finish="stop", model="served", usage=Usage(input=1_000_000, output=500_000)
        )


class Providers:
    def __init__(self, *completers: Scripted) -> None:
        self.by_name = {completer.name: completer for completer in completers}

    def get(self, provider: str) -> Completer:
        if provider not in self.by_name:
            raise Refused(f"there is no provider {provider}")
        return self.by_name[provider]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completing.random, "uniform", lambda low, high: 0.01)


async def run(*models: str, providers: Providers):  # type: ignore[no-untyped-def]
    return await complete(models, REQUEST, completers=providers, prices=PRICES, clock=lambda: NOW)


async def test_the_served_model_is_priced_exactly() -> None:
    completion, (attempt,) = await run("a/asked", providers=Providers(Scripted("a", "ok")))
    assert completion is not None
    assert (attempt.model, attempt.served, attempt.cost, attempt.price) == (
        "asked",
        "served",
        Decimal(2),
        "a/served@2026-11-21",
    )


@pytest.mark.parametrize("outcome", ["rate_limited", "timeout", "unavailable"])
async def test_what_may_pass_is_tried_again(outcome: Outcome) -> None:
    flaky = Scripted("a", outcome, outcome, "ok")
    completion, attempts = await run("a/m", providers=Providers(flaky))
    assert completion is not None
    assert [attempt.outcome for attempt in attempts] == [outcome, outcome, "ok"]


@pytest.mark.parametrize("outcome", ["authentication", "bad_request", "refused", "context_too_long"])
async def test_what_stays_is_not_tried_again_but_the_next_model_is(outcome: Outcome) -> None:
    providers = Providers(Scripted("a", outcome), Scripted("b", "ok"))
    completion, attempts = await run("a/m", "b/m", providers=providers)
    assert completion is not None
    assert [(attempt.provider, attempt.outcome) for attempt in attempts] == [("a", outcome), ("b", "ok")]


async def test_the_local_provider_is_the_last_resort() -> None:
    providers = Providers(Scripted("a", "bad_request"), Scripted("local", "ok"))
    completion, attempts = await run("a/m", "nowhere/m", providers=providers)
    assert completion is not None
    assert [attempt.provider for attempt in attempts] == ["a", "nowhere", "local"]


async def test_a_wait_beyond_the_deadline_is_not_waited_for() -> None:
    providers = Providers(Scripted("a", "rate_limited", retry_after=60), Scripted("local", "ok"))
    completion, attempts = await run("a/m", providers=providers)
    assert completion is not None
    assert len(attempts) == 2


async def test_when_all_fail_every_attempt_is_told() -> None:
    completion, attempts = await run("a/m", providers=Providers(Scripted("a", "bad_request")))
    assert completion is None
    assert [attempt.outcome for attempt in attempts] == ["bad_request", "bad_request"]
