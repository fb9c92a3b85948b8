"""The vendors' forms of usage, at the wire and in the table."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.models.completion import Usage
from domain.models.usage_forms import TEXT, merged
from infra.outgoing.client import Outgoing
from infra.providers.openai.completer import OpenAICompleter
from infra.providers.usage_forms import FILE, load_forms
from tests.doubles.usages import CASES, UNKNOWN, Case, Double, usages_double
from tests.infra.providers.asking import ABILITIES, COUNTER, gather, our_count, request

FORMS = load_forms()
TEXT_OF_ALL = "Yes, we are open."


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Double]:
    async with usages_double() as double:
        yield double


@pytest.fixture(name="http")
async def _http() -> AsyncIterator[Outgoing]:
    async with Outgoing(guarded=False) as http:
        yield http


def completer(double: Double, http: Outgoing, name: str) -> OpenAICompleter:
    return OpenAICompleter(
        name="compatible",
        key=None,
        base_url=double.url(name),
        http=http,
        counter=COUNTER,
        abilities=lambda model: ABILITIES,
    )


@pytest.mark.parametrize(("name", "case"), [*CASES.items(), *UNKNOWN.items()])
async def test_each_form_is_read_whole_and_streamed_and_kept_as_it_came(
    double: Double, http: Outgoing, name: str, case: Case
) -> None:
    asked = completer(double, http, name)
    raw = case.raw | ({"service_tier": case.beside["service_tier"]} if case.beside else {})
    whole = await asked.complete(request(case.model))
    _, last = await gather(asked, request(case.model))
    for found in (whole, last):
        assert (found.text, found.usage) == (TEXT_OF_ALL, case.means)
        assert FORMS.read(found.raw_usage, case.model) == case.means, "it can be priced again later"
    assert whole.raw_usage == raw
    assert {**raw, **last.raw_usage} == last.raw_usage | raw


def test_the_worked_example_costs_what_the_vendor_bills() -> None:
    usage = CASES["xai"].means
    per_million = (usage.input - usage.cached) * Decimal("1.25") + usage.cached * Decimal("0.20")
    assert (per_million + usage.output * Decimal("2.50")) / 10**6 == Decimal("0.0232856")


def test_each_row_of_the_table_has_a_case_and_a_row_in_the_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "providers.md").read_text()
    at_gemini = {"gemini"}  # spoken by another API: test_gemini.py
    assert {form.name for form in FORMS.all} == {case.form for case in CASES.values()} | at_gemini
    for form in FORMS.all:
        assert re.search(rf"^\| .*`{form.name}`.*{re.escape(form.seen)}", page, re.MULTILINE), form.name


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (
            {
                "promptTokenCount": 100,
                "candidatesTokenCount": 20,
                "thoughtsTokenCount": 30,
                "totalTokenCount": 150,
            },
            Usage(input=100, output=50, reasoning=30),
        ),
        (
            {
                "promptTokenCount": 100,
                "cachedContentTokenCount": 64,
                "toolUsePromptTokenCount": 40,
                "candidatesTokenCount": 20,
                "totalTokenCount": 160,
                "trafficType": "ON_DEMAND_PRIORITY",
            },
            Usage(input=140, cached=64, output=20, tier="priority"),
        ),
        (
            {"promptTokenCount": 9, "thoughtsTokenCount": 30, "totalTokenCount": 39},
            Usage(input=9, output=30, reasoning=30),
        ),
        ({"promptTokenCount": 9, "totalTokenCount": 9, "serviceTier": "flex"}, Usage(input=9, tier="flex")),
        ({"promptTokenCount": 100, "totalTokenCount": 150}, Usage(input=100, output=50, source="unknown")),
    ],
)
def test_geminis_counts(raw: dict[str, Any], usage: Usage) -> None:
    assert FORMS.read(raw) == usage


@pytest.mark.parametrize(
    "raw", [{}, {"total_tokens": 5}, {"prompt_tokens": 5}, {"prompt_tokens": "5", "completion_tokens": 1}]
)
def test_what_names_no_input_or_no_output_is_not_read(raw: dict[str, Any]) -> None:
    assert FORMS.read(raw) is None


async def test_a_mere_total_is_split_by_our_own_count(
    double: Double, http: Outgoing, monkeypatch: Any
) -> None:
    own = our_count(TEXT_OF_ALL)
    monkeypatch.setitem(CASES, "total-only", Case("", {"total_tokens": 500}, own))
    found = await completer(double, http, "total-only").complete(request())
    assert found.usage == Usage(input=own.input, output=500 - own.input, source="unknown")


COUNTS = st.integers(0, 10**6)


@given(prompt=COUNTS, text=COUNTS, reasoning=COUNTS, data=st.data())
def test_whichever_way_reasoning_is_counted_the_output_is_all_of_it(
    prompt: int, text: int, reasoning: int, data: st.DataObject
) -> None:
    cached = data.draw(st.integers(0, prompt))
    details = {"completion_tokens_details": {"reasoning_tokens": reasoning}}
    details |= {"prompt_tokens_details": {"cached_tokens": cached}}
    expected = Usage(input=prompt, cached=cached, output=text + reasoning, reasoning=reasoning)
    total = {"prompt_tokens": prompt, "total_tokens": prompt + text + reasoning}
    assert FORMS.read(total | details | {"completion_tokens": text + reasoning}) == expected
    assert FORMS.read(total | details | {"completion_tokens": text}) == expected


ODD = st.none() | st.integers(-5, 5000) | st.sampled_from(["", "x", "7", 2.5, 3.0, True])
OPENAIS = [form for form in FORMS.all if form.name != "gemini"]
NAMES = sorted({place.split(".")[0] for form in OPENAIS for place in form.places()})
INNER = sorted({place.split(".")[1] for form in OPENAIS for place in form.places() if "." in place})


@given(st.dictionaries(st.sampled_from(NAMES), ODD | st.dictionaries(st.sampled_from(INNER), ODD)))
def test_whatever_comes_is_never_charged_below_what_it_plainly_says(raw: dict[str, Any]) -> None:
    usage = FORMS.read(raw)
    if usage is None:
        return
    assert usage.cached + usage.written <= usage.input
    assert usage.reasoning <= usage.output
    whole = [value for value in (raw.get("prompt_tokens"), raw.get("input_tokens")) if type(value) is int]
    assert usage.input >= min(whole, default=0)
    total = raw.get("total_tokens")
    if type(total) is int and usage.source == "unknown":
        assert usage.input + usage.output >= total


@given(st.dictionaries(st.sampled_from("abc"), ODD))
def test_merging_takes_nothing_away(raw: dict[str, Any]) -> None:
    assert merged({}, raw) == raw
    assert merged(raw, {}) == raw
    assert merged(raw, dict.fromkeys(raw, 0)) == {name: value or 0 for name, value in raw.items()}
    assert merged(raw, dict.fromkeys(raw)) == raw


def test_a_usage_that_no_event_can_hold_is_kept_as_a_text_and_read_from_it() -> None:
    raw = {"prompt_tokens": 7, "completion_tokens": 3, "vast": 2**70, "half": "\ud800"}
    kept = {TEXT: msgspec.json.encode({**raw, "half": ""}).decode()}
    assert FORMS.read(kept) == FORMS.read(raw) == Usage(input=7, output=3)


def test_the_table_says_where_it_is_from() -> None:
    for form in FORMS.all:
        assert form.source.startswith("https://")
        assert form.seen
    assert FILE.suffix == ".toml"


def test_a_table_that_is_not_sound_is_refused(tmp_path: Path) -> None:
    for number, text in enumerate(("[", "tier_places = []\nform = []", FILE.read_text() + "\nwrong = 1\n")):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        with pytest.raises(ValueError, match="no table of forms"):
            load_forms(file)
