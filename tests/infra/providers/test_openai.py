"""The vendor's SDK against a double at the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from application.ports import ProviderError
from domain.completion import CompletionRequest, Turn, Usage
from infra.providers import openai as module
from infra.providers.openai import OpenAICompleter
from infra.providers.prices import load_prices
from tests.doubles.openai import Double, openai_double

PROMPT = (Turn(role="system", text="be kind"), Turn(role="user", text="personal text"))


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


async def ask(double: Double, fault: str, model: str = "gpt-4o"):  # type: ignore[no-untyped-def]
    completer = OpenAICompleter(key="k", base_url=double.url(fault))
    request = CompletionRequest(model=model, prompt=PROMPT, questions=("q",), max_tokens=50, temperature=0.2)
    try:
        return await completer.complete(request)
    finally:
        await completer.close()


async def test_an_answer_comes_with_usage_served_model_and_id(double: Double) -> None:
    found = await ask(double, "ok")
    assert (found.text, found.finish, found.model, found.request_id) == (
        "Yes.",
        "stop",
        "gpt-test-2026",
        "chatcmpl-1",
    )
    assert found.usage == Usage(input=120, cached=20, output=30, reasoning=10)
    assert found.raw_usage["prompt_tokens"] == 120
    assert double.requests[0]["messages"] == [{"role": turn.role, "content": turn.text} for turn in PROMPT]


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("gpt-4o", {"max_tokens", "temperature"}),
        ("o3", {"max_completion_tokens"}),
        ("gpt-6-luna", {"max_completion_tokens"}),
    ],
)
async def test_reasoning_models_get_other_parameters(double: Double, model: str, names: set[str]) -> None:
    await ask(double, "ok", model)
    assert set(double.requests[0]) - {"model", "messages"} == names


@pytest.mark.parametrize(
    ("fault", "outcome", "retry_after"),
    [
        ("401", "authentication", None),
        ("404", "bad_request", None),
        ("429", "rate_limited", None),
        ("429-after", "rate_limited", 7),
        ("429-long", "rate_limited", 60),
        ("500", "unavailable", None),
        ("503", "unavailable", None),
        ("context", "context_too_long", None),
        ("400", "bad_request", None),
        ("malformed", "unavailable", None),
        ("no-json", "unavailable", None),
        ("empty-choices", "unavailable", None),
        ("empty-text", "unavailable", None),
        ("filter", "refused", None),
        ("refusal", "refused", None),
        ("cut", "unavailable", None),
    ],
)
async def test_every_fault_is_told_in_our_words_without_the_prompt(
    double: Double, fault: str, outcome: str, retry_after: float | None
) -> None:
    with pytest.raises(ProviderError) as raised:
        await ask(double, fault)
    assert (raised.value.outcome, raised.value.retry_after) == (outcome, retry_after)
    assert "personal" not in str(raised.value)


async def test_a_slow_first_byte_is_a_timeout(double: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.3)
    with pytest.raises(ProviderError) as raised:
        await ask(double, "slow")
    assert raised.value.outcome == "timeout"


async def test_missing_usage_and_a_cut_answer_are_taken_as_they_are(double: Double) -> None:
    assert (await ask(double, "no-usage")).usage == Usage()
    assert (await ask(double, "length")).finish == "length"


def test_the_price_table_is_whole() -> None:
    table = load_prices()
    assert len(table._prices) > 5
