"""Files in the form of LiteLLM's model_prices_and_context_window.json."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from application.models.price_file import Offer, read_offer
from domain.base.errors import Invalid
from domain.models.pricing import LongContext

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAIN = '"litellm_provider": "openai", "mode": "chat"'


def read(text: str) -> Offer:
    return read_offer("prices.json", text.encode(), NOW)


def one(**facts: Any) -> Offer:
    usual = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
    }
    return read(json.dumps({"m": usual | facts}))


def test_figures_are_read_as_they_are_written() -> None:
    offer = read(
        f'{{"m": {{{PLAIN}, "input_cost_per_token": 1e-07, "output_cost_per_token": 0.00000047, '
        '"cache_read_input_token_cost": 1.25e-8, "cache_creation_input_token_cost": 1.25E-07}}'
    )
    price = offer.prices["openai/m"]
    figures = [price.input, price.output, price.cached, price.cache_write]
    assert [str(figure) for figure in figures] == ["0.1", "0.47", "0.0125", "0.125"]


def test_noise_of_binary_fractions_is_left_off() -> None:
    price = read(
        f'{{"m": {{{PLAIN}, "input_cost_per_token": 1.5000000000000002e-07, "output_cost_per_token": 0.0001}}}}'
    ).prices["openai/m"]
    assert (str(price.input), str(price.output)) == ("0.15", "100")


def test_tiers_are_read_with_their_names() -> None:
    price = one(
        input_cost_per_token=2e-06,
        output_cost_per_token=1e-05,
        cache_read_input_token_cost=1e-07,
        input_cost_per_token_above_272k_tokens=4e-06,
        output_cost_per_token_above_272k_tokens=1.5e-05,
        cache_read_input_token_cost_above_272k_tokens=2e-07,
        input_cost_per_token_above_200k_tokens=3e-06,
        input_cost_per_token_priority=4e-06,
        output_cost_per_token_priority=2e-05,
        input_cost_per_token_above_272k_tokens_priority=9e-06,
        input_cost_per_token_batches=7e-06,
    ).prices["openai/m"]
    (priority,) = price.service_tiers
    assert (priority.name, priority.input, priority.output, priority.cached) == ("priority", 4, 20, None)
    # What the file does not have for it costs as the dearer of the tier below and the standard price.
    assert priority.long_context == (
        LongContext(above=200_000, input=Decimal(4), output=Decimal(20)),
        LongContext(above=272_000, input=Decimal(9), output=Decimal(20), cached=Decimal("0.2")),
    )
    assert price.long_context == (
        LongContext(above=200_000, input=Decimal(3), output=Decimal(10), cached=Decimal("0.1")),
        LongContext(above=272_000, input=Decimal(4), output=Decimal(15), cached=Decimal("0.2")),
    )


@pytest.mark.parametrize(
    ("key", "provider", "id"),
    [
        ("gpt-6-luna", "openai", "openai/gpt-6-luna"),
        ("gemini/gemini-3.8-flash", "gemini", "gemini/gemini-3.8-flash"),
        ("together_ai/openai/gpt-oss-120b", "together_ai", "together/openai/gpt-oss-120b"),
    ],
)
def test_models_have_our_providers_names(key: str, provider: str, id: str) -> None:
    facts = {
        "litellm_provider": provider,
        "mode": "chat",
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
    }
    assert list(read(json.dumps({key: facts})).models) == [id]


def test_facts_of_a_model_are_read() -> None:
    model = one(
        max_input_tokens=922_000,
        max_output_tokens=128_000,
        supports_reasoning=True,
        supports_system_messages=False,
        deprecation_date="2027-04-01",
    ).models["openai/m"]
    assert (model.context_window, model.max_output, model.assumed) == (922_000, 128_000, False)
    assert model.abilities == {"stream", "reasoning", "choices"}
    assert model.retires_at == datetime(2027, 4, 1, tzinfo=UTC)
    vectors = one(mode="embedding", output_vector_size=1536, max_input_tokens=8191).models["openai/m"]
    assert (vectors.kind, vectors.dimensions, vectors.abilities) == ("embedding", 1536, frozenset())
    assert one().models["openai/m"].assumed


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"litellm_provider": "anthropic"}, "another provider"),
        ({"litellm_provider": ["openai"]}, "another provider"),
        ({"mode": None}, "endpoint"),
        ({"input_cost_per_token": None}, "without a price"),
        ({"output_cost_per_token": None}, "without a price"),
        ({"input_cost_per_token": "free"}, "no number"),
        ({"input_cost_per_token": True}, "no number"),
        ({"input_cost_per_token": float("inf")}, "no number"),
        ({"input_cost_per_token": -1e-06}, "can't be"),
        ({"input_cost_per_token": 10**400}, "can't be"),
        ({"input_cost_per_token_above_200k_tokens": {}}, "no number"),
        ({"max_input_tokens": 10**30}, "can't be"),
    ],
)
def test_what_can_not_be_used_is_left_out_and_counted(facts: dict[str, Any], reason: str) -> None:
    offer = one(**facts)
    assert not offer.models
    assert not offer.prices
    assert [reason in text for text in offer.left_out] == [True]


def test_placeholders_of_tuned_models_are_left_out() -> None:
    facts = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
    }
    assert not read(json.dumps({"ft:gpt-4o": facts, "sample_spec": facts, "x": 5})).models


@pytest.mark.parametrize("text", ["", "[]", "5", "{", '{"a": 1e', "[" * 100_000, "\ufeff"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"prices\.json"):
        read(text)
    with pytest.raises(Invalid):
        read_offer("prices.json", b"\xff\xfe\x00", NOW)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"mode": "responses", "supported_endpoints": ["/v1/responses", "/v1/batch"]}, "responses"),
        ({"mode": "chat", "supported_endpoints": ["/v1/responses"]}, "responses"),
        ({"mode": "chat", "supported_endpoints": ["/v1beta/interactions"]}, "other"),
        ({"mode": "chat", "supported_endpoints": ["/v1/chat/completions", "/v1/batch"]}, "chat"),
        ({"mode": "image_generation", "input_cost_per_token": None}, "image"),
        ({"mode": "audio_speech"}, "audio"),
        ({"mode": "rerank"}, "rerank"),
        ({"mode": "completion"}, "completion"),
        ({"mode": "decisions"}, "other"),
    ],
)
def test_models_of_other_endpoints_are_known_as_such(facts: dict[str, Any], kind: str) -> None:
    model = one(**facts).models["openai/m"]
    assert model.kind == kind
    assert bool(model.abilities) == (kind == "chat")


@pytest.mark.parametrize(
    ("provider", "key", "successor", "id"),
    [
        ("openai", "o1-pro", "gpt-5.6-sol", "openai/gpt-5.6-sol"),
        ("gemini", "gemini/gemini-2.5-pro", "gemini/gemini-3.8-flash", "gemini/gemini-3.8-flash"),
        ("gemini", "gemini/gemini-2.5-pro", "gemini-3.8-flash", "gemini/gemini-3.8-flash"),
        ("together_ai", "together_ai/zai-org/GLM-5", "together_ai/zai-org/GLM-6", "together/zai-org/GLM-6"),
        ("openai", "m", "m", None),
        ("openai", "m", "", None),
        ("openai", "m", 7, None),
    ],
)
def test_successors_are_read(provider: str, key: str, successor: Any, id: str | None) -> None:
    facts = {
        "litellm_provider": provider,
        "mode": "chat",
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 1e-06,
        "deprecation_date": "2026-10-23",
        "successor_model": successor,
    }
    (model,) = read(json.dumps({key: facts})).models.values()
    assert (model.successor, model.retires_at) == (id, datetime(2026, 10, 23, tzinfo=UTC))


def test_of_two_entries_of_one_model_the_dearer_price_holds() -> None:
    cheap = {
        "litellm_provider": "gemini",
        "mode": "chat",
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 1e-06,
    }
    dear = cheap | {"output_cost_per_token": 4e-06}
    for entries in ({"g": cheap, "gemini/g": dear}, {"gemini/g": dear, "g": cheap}):
        assert read(json.dumps(entries)).prices["gemini/g"].output == 4
