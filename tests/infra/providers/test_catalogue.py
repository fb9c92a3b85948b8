"""The shipped file: whole, and charged to the last decimal as the vendors say."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.base.errors import Invalid, Refused
from domain.base.money import PICO, pico
from domain.models.completion import Usage
from domain.models.pricing import cost
from infra.providers.catalogue import load_catalogue
from tests.dated import SHIPPED

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
RETIRED_FROM = datetime(2026, 10, 23, tzinfo=UTC)
RETIREMENT = datetime(2027, 1, 14, tzinfo=UTC)

# An independent reading of the vendors' price pages: USD per million tokens as (input, cached, cache write, output), and beyond how many
# input tokens the whole request costs how many times as much.
LONG_OPENAI = (272_000, "2", "3/2")
LISTED: Mapping[str, list[tuple[datetime | None, tuple[str, str, str, str], tuple[int, str, str] | None]]] = {
    "openai/gpt-5.6-luna": [(None, ("0.20", "0.02", "0.25", "1.20"), LONG_OPENAI)],
    "openai/gpt-5.6-terra": [(None, ("2.00", "0.20", "2.50", "12.00"), LONG_OPENAI)],
    "openai/gpt-5.6-sol": [(None, ("4.00", "0.40", "5.00", "20.00"), LONG_OPENAI)],
    "openai/gpt-6-luna": [(None, ("0.10", "0.01", "0.125", "0.50"), LONG_OPENAI)],
    "openai/gpt-4o": [(None, ("2.50", "1.25", "2.50", "10.00"), None)],
    "openai/text-embedding-3-small": [(None, ("0.02", "0.02", "0.02", "0"), None)],
    "gemini/gemini-3.8-flash": [
        (None, ("0.75", "0.075", "0.75", "3.75"), None),
        (NEW_YEAR, ("1.50", "0.15", "1.50", "7.50"), None),
    ],
    "gemini/gemini-2.5-pro": [
        (None, ("1.25", "1.25", "1.25", "10.00"), (200_000, "2", "3/2")),
        (DECEMBER, ("0.75", "0.075", "0.75", "3.75"), None),
        (NEW_YEAR, ("1.50", "0.15", "1.50", "7.50"), None),
    ],
    "together/openai/gpt-oss-120b": [(None, ("0.15", "0.15", "0.15", "0.60"), None)],
}


def expected(model: str, at: datetime, raw: dict[str, Any]) -> Fraction:
    """What a call costs, from the provider's own words."""
    row = [row for row in LISTED[model] if row[0] is None or row[0] <= at][-1]
    fresh, cached, write, output = (Fraction(figure) for figure in row[1])
    if row[2] is not None and raw["prompt_tokens"] > row[2][0]:
        fresh, cached, write = (figure * Fraction(row[2][1]) for figure in (fresh, cached, write))
        output *= Fraction(row[2][2])
    details = raw["prompt_tokens_details"]
    total = details["cached_tokens"] * cached + details["cache_write_tokens"] * write
    total += (raw["prompt_tokens"] - details["cached_tokens"] - details["cache_write_tokens"]) * fresh
    return (total + raw["completion_tokens"] * output) / 10**6


def a_raw_usage(chance: random.Random) -> dict[str, Any]:
    edge = chance.choice([200_000, 272_000])
    prompt = chance.choice(
        [0, 1, edge - 1, edge, edge + 1, chance.randrange(2000), chance.randrange(900_000)]
    )
    cached = chance.choice([0, prompt, chance.randint(0, prompt)])
    written = chance.choice([0, 0, chance.randint(0, prompt - cached)])
    output = chance.choice([0, 1, chance.randrange(128_000)])
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": chance.randint(0, output)},
    }


def used(raw: dict[str, Any]) -> Usage:
    return Usage(
        input=raw["prompt_tokens"],
        cached=raw["prompt_tokens_details"]["cached_tokens"],
        written=raw["prompt_tokens_details"]["cache_write_tokens"],
        output=raw["completion_tokens"],
        reasoning=raw["completion_tokens_details"]["reasoning_tokens"],
    )


def test_costs_equal_an_independent_calculation_to_the_last_decimal(seed: int) -> None:
    chance, catalogue = random.Random(seed), load_catalogue(SHIPPED)
    seen = set()
    for _ in range(20_000):
        model = chance.choice(list(LISTED))
        midnight = chance.choice([DECEMBER, NEW_YEAR])
        at = midnight + timedelta(microseconds=chance.choice([-1, 0, 1, chance.randint(-(10**11), 10**11)]))
        raw = a_raw_usage(chance)
        price = catalogue.price(*model.split("/", 1), at)
        assert price is not None
        found = cost(used(raw), price)
        assert Fraction(found) == expected(model, at, raw), (model, at, raw)
        assert Fraction(pico(found)) == Fraction(found) * 10**PICO, "shared sums lose nothing"
        seen.add(price.id)
    assert len(seen) == sum(map(len, LISTED.values())), "every price was used"


def test_every_model_that_is_not_retired_has_a_price_and_a_window() -> None:
    catalogue = load_catalogue(SHIPPED)
    for model in catalogue.models():
        assert model.context_window > 0
        if not model.retired(NOW):
            assert catalogue.price(model.provider, model.name, NOW), model.id


def test_a_successor_is_no_model_that_is_retired_by_then() -> None:
    catalogue = load_catalogue(SHIPPED)
    for model in catalogue.models():
        if model.retires_at is not None:
            assert model.successor is not None, model.id
            successor = catalogue.get(model.successor)
            assert successor is not None
            assert not successor.retired(max(NOW, model.retires_at)), model.id
            assert successor.kind == (model.kind if model.kind == "embedding" else "chat")


@pytest.mark.parametrize(
    ("model", "successor"),
    [
        ("openai/o1-preview", "openai/gpt-5.6-sol"),
        ("openai/o1-mini", "openai/gpt-5.6-terra"),
        ("gemini/gemini-1.5-pro", "gemini/gemini-3.8-flash"),
        ("gemini/gemini-1.5-flash", "gemini/gemini-3.5-flash-lite"),
    ],
)
def test_the_models_that_are_gone_are_refused_and_name_a_successor(model: str, successor: str) -> None:
    with pytest.raises(Refused, match=successor):
        load_catalogue(SHIPPED).check(model, NOW)


def test_a_dated_variant_costs_what_its_own_row_says_and_the_others_what_their_model_does() -> None:
    catalogue = load_catalogue(SHIPPED)
    for served, figures in {
        "gpt-4o-2024-05-13": (5, 15),
        "azure/gpt-4o-2024-05-13": (5, 15),
        "GPT-4o-2024-05-13": (5, 15),
        "gpt-4o-2024-11-20": (Decimal("2.5"), 10),
        "gpt-4o-2024-08-06": (Decimal("2.5"), 10),
        "openai/gpt-4o": (Decimal("2.5"), 10),
    }.items():
        price = catalogue.charged("openai", "gpt-4o", served, NOW)
        assert price is not None
        assert (price.input, price.output) == figures, served


def test_a_retired_model_is_refused_and_still_has_a_price() -> None:
    catalogue = load_catalogue(SHIPPED)
    with pytest.raises(Refused, match="retired.*gpt-5.6-sol"):
        catalogue.check("openai/o1-pro", NOW, "chat")
    price = catalogue.price("openai", "o1-pro", NOW)
    assert price is not None
    assert cost(Usage(input=1000, output=1000), price) == Decimal("0.75")


def test_a_model_of_another_endpoint_is_not_offered_for_chat() -> None:
    with pytest.raises(Refused, match="responses endpoints"):
        load_catalogue(SHIPPED).check("openai/o1-pro", RETIRED_FROM - timedelta(days=1), "chat")


@pytest.mark.parametrize(
    ("model", "tier", "times"),
    [
        ("gpt-6-luna", "priority", "2"),
        ("gpt-6-luna", "flex", "0.5"),
        ("gpt-6.1-sol", "ultrafast", "6"),
        ("gpt-4o", "priority", "1.7"),
        ("gpt-4o", "flex", "1"),  # it has no price for it
        ("gpt-4o", "of another name", "6"),
        ("o1", "priority", "3"),
    ],
)
@pytest.mark.parametrize("usage", [Usage(input=100_001, cached=7, output=33), Usage(input=300_000, output=1)])
def test_a_service_tier_costs_what_the_price_says_or_never_less_than_the_standard_one(
    model: str, tier: str, times: str, usage: Usage
) -> None:
    price = load_catalogue(SHIPPED).price("openai", model, NOW)
    assert price is not None
    served = msgspec.structs.replace(usage, tier=tier)
    assert cost(served, price) == cost(usage, price) * Decimal(times)
    assert Fraction(pico(cost(served, price))) == Fraction(cost(served, price)) * 10**PICO


@pytest.mark.parametrize("model", ["openai/gpt-4o", "openai/gpt-4o-mini"])
def test_gpt_4o_is_taken_until_the_day_on_which_it_is_shut_down(model: str) -> None:
    load_catalogue(SHIPPED).check(model, RETIREMENT - timedelta(microseconds=1))
    with pytest.raises(Refused, match="openai/gpt-6-luna"):
        load_catalogue(SHIPPED).check(model, RETIREMENT)


def test_the_specified_models_cost_what_they_were_specified_with() -> None:
    """Per 1,000 tokens, half input and half output."""
    specified = {
        "gemini/gemini-1.5-flash": "0.0001875",
        "openai/gpt-4o-mini": "0.000375",
        "gemini/gemini-1.5-pro": "0.003125",
        "openai/gpt-4o": "0.00625",
        "openai/o1-mini": "0.0075",
        "openai/o1-preview": "0.0375",
    }
    catalogue = load_catalogue(SHIPPED)
    for model, blended in specified.items():
        price = catalogue.price(*model.split("/", 1), datetime(2025, 1, 1, tzinfo=UTC))
        assert price is not None
        assert (price.input + price.output) / 2 / 1000 == Decimal(blended), model


def test_the_local_models_are_free_and_have_room() -> None:
    catalogue = load_catalogue(SHIPPED)
    model, price = catalogue.find("local", "extractive"), catalogue.price("local", "extractive", NOW)
    assert model is not None
    assert price is not None
    assert model.context_window == 1_000_000
    assert cost(Usage(input=10**9, output=10**9), price) == 0


MODEL = """as_of = 2026-11-21
model = [{ provider = "p", name = "m", context_window = 10 }]
"""
PRICE = '{ provider = "p", model = "m", input = "1", output = "2", since = 2026-01-01'


def test_a_row_that_was_wrong_is_withdrawn_and_stays_known(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(
        f'{MODEL}price = [{PRICE}, withdrawn = true }}, {PRICE.replace("1", "3", 1)}, revision = "b" }}]'
    )
    catalogue = load_catalogue(file)
    price = catalogue.price("p", "m", NOW)
    wrong = catalogue.price_named("p/m@2026-01-01")
    assert price is not None
    assert wrong is not None
    assert (price.id, price.input, wrong.input) == ("p/m@2026-01-01#b", 3, 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{MODEL}price = [{PRICE} }}, {PRICE} }}]", "overlap"),
        (f"{MODEL}price = [{PRICE}, withdrawn = true }}, {PRICE} }}]", "one id"),
        (f"{MODEL}price = [{PRICE}, inputs = 5 }}]", "unknown inputs"),
        (f'{MODEL}price = [{PRICE}, cached = "-1" }}]', "between 0"),
        (f"{MODEL}price = [{PRICE}, cached = 0.0000001 }}]", "decimals"),
        (MODEL.replace("= 10", "= 10, successor = 'p/x'") + "price = []", "p/x"),
        ("model = 5", "catalogue"),
        ("[", "catalogue"),
    ],
)
def test_a_file_that_is_not_sound_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "catalogue.toml"
    file.write_text(text)
    with pytest.raises(Invalid, match=complaint):
        load_catalogue(file)


def test_the_shipped_file_tells_of_which_day_it_is() -> None:
    assert SHIPPED.name in load_catalogue(SHIPPED).name
    assert "of 2026-" in load_catalogue(SHIPPED).name
