from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from domain.base.errors import Invalid, Refused
from domain.models.catalogue import Catalogue, Model
from domain.models.ceiling import Ceiling
from domain.models.names import undated, variants
from domain.models.pricing import Price

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GONE = Model(provider="p", name="old", context_window=8_000, retires_at=NOW, successor="p/new")
NEW = Model(provider="p", name="new", context_window=9_000)
VECTORS = Model(provider="p", name="vectors", kind="embedding", context_window=500, dimensions=3)


def priced(name: str, input: str, output: str, **more: object) -> Price:
    figures = {"input": Decimal(input), "output": Decimal(output), "since": NOW - timedelta(days=9)}
    return Price(provider="p", model=name, **(figures | more))  # type: ignore[arg-type]  # made of figures


def catalogue(*prices: Price, **more: object) -> Catalogue:
    by_name: dict[str, list[Price]] = {}
    for price in prices:
        by_name.setdefault(price.names, []).append(price)
    models = {model.id: model for model in (GONE, NEW, VECTORS)}
    return Catalogue(models, by_name, **more)  # type: ignore[arg-type]  # as the class takes them


def test_a_retired_model_is_refused_and_its_successor_named() -> None:
    with pytest.raises(Refused, match="retired on 2026-11-21; use p/new") as refused:
        catalogue().check("p/old", NOW)
    assert refused.value.facts["successor"] == "p/new"


def test_the_successor_of_a_successor_is_named_where_that_one_is_retired_too() -> None:
    def known(*rows: tuple[str, str | None, int]) -> Catalogue:
        models = {
            f"p/{name}": Model(
                provider="p",
                name=name,
                context_window=9,
                retires_at=NOW + timedelta(days=days),
                successor=successor,
            )
            for name, successor, days in rows
        }
        return Catalogue(models, {})

    def told(listed: Catalogue, days: int) -> str | None:
        model = listed.get("p/a")
        assert model is not None
        return listed.successor(model, NOW + timedelta(days=days))

    chain = known(("a", "p/b", 1), ("b", "p/c", 2), ("c", None, 3))
    assert [told(chain, days) for days in (1, 2, 3)] == ["p/b", "p/c", None]
    assert told(known(("a", "p/b", 1), ("b", "p/a", 1)), 1) is None, "they name each other"
    assert told(known(("a", "q/elsewhere", 1)), 1) == "q/elsewhere"
    with pytest.raises(Refused, match="use p/c"):
        chain.check("p/a", NOW + timedelta(days=2))


def test_until_the_day_of_its_retirement_a_model_is_taken() -> None:
    catalogue().check("p/old", NOW - timedelta(microseconds=1))


def test_a_model_that_is_on_no_list_is_taken_for_it_may_be_a_server_of_ones_own() -> None:
    catalogue().check("p/unheard-of", NOW)
    catalogue().check("nobody/whatever", NOW, "chat")


def test_a_model_for_embeddings_is_refused_for_a_chat() -> None:
    with pytest.raises(Refused, match="embedding"):
        catalogue().check("p/vectors", NOW, "chat")
    catalogue().check("p/vectors", NOW, "embedding")


def test_a_dated_snapshot_is_the_model_that_it_is_one_of() -> None:
    known = catalogue(priced("new", "1", "2"))
    assert known.find("p", "new-2026-11-20") is known.find("p", "new")
    assert known.price("p", "new-001", NOW) is known.price("p", "new", NOW)
    assert known.price_of("p/new-001", NOW) is None
    assert undated("gpt-oss-120b") == "gpt-oss-120b"
    assert undated("gpt-4o-2024-11-20") == undated("gpt-4o-20241120") == "gpt-4o"
    assert undated("gpt-3.5-turbo-0125") == "gpt-3.5-turbo"


def test_a_call_is_charged_by_the_model_that_served_it() -> None:
    known = catalogue(priced("new", "1", "2"), priced("old", "5", "9"))
    served = known.charged("p", "old", "new-2026-11-20", NOW)
    unknown = known.charged("p", "old", "a-name-of-its-own", NOW)
    nothing = known.charged("p", "old", None, NOW)
    assert [price.model for price in (served, unknown, nothing) if price] == ["new", "old", "old"]


def test_the_cheapest_is_that_of_the_lowest_blend_and_no_retired_one() -> None:
    known = catalogue(priced("new", "1", "9"), priced("big", "4", "5"), priced("old", "0", "0"))
    assert known.cheapest(["p/big", "p/new", "p/old", "p/unpriced"], NOW) == "p/big"
    assert known.cheapest(["p/unpriced", "p/old"], NOW) == "p/unpriced"
    assert known.cheapest(["p/old"], NOW) == "p/old"
    with pytest.raises(Invalid):
        known.cheapest([], NOW)


def test_what_a_tenant_says_lies_over_what_is_shipped() -> None:
    shipped = catalogue(priced("new", "1", "2"), priced("big", "4", "5"))
    mine = msgspec.structs.replace(NEW, context_window=77)
    own = Catalogue(
        {"p/new": mine}, {"p/new": [priced("new", "3", "3", revision="2")]}, base=shipped, version=2
    )
    price, other = own.price("p", "new", NOW), own.price("p", "big", NOW)
    assert price is not None
    assert other is not None
    assert (price.input, other.input) == (3, 4)
    assert own.get("p/new") is mine
    assert [model.id for model in own.models()] == ["p/new", "p/old", "p/vectors"]
    for each in (*shipped.prices(), *own.prices()):
        assert own.price_named(each.id) == each


def test_a_price_that_was_withdrawn_is_known_by_its_id_and_holds_no_more() -> None:
    wrong = priced("new", "7", "7")
    known = catalogue(former={wrong.id: wrong})
    assert known.price("p", "new", NOW) is None
    assert known.price_named(wrong.id) == wrong


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("m", ["m"]),
        ("m-2024-05-13", ["m-2024-05-13", "m"]),
        (
            "azure/eu/m-2024-05-13",
            ["azure/eu/m-2024-05-13", "azure/eu/m", "eu/m-2024-05-13", "eu/m", "m-2024-05-13", "m"],
        ),
        (
            "us.v.m-20250514-v1:0",
            ["us.v.m-20250514-v1:0", "us.v.m-20250514", "us.v.m", "v.m-20250514-v1:0", "v.m-20250514", "v.m"],
        ),
        ("m@20240620", ["m@20240620", "m"]),
        ("models/m-latest", ["models/m-latest", "models/m", "m-latest", "m"]),
    ],
)
def test_variants_of_a_name_begin_with_the_nearest(name: str, found: list[str]) -> None:
    assert list(variants(name)) == found


def test_names_are_written_as_the_catalogue_does() -> None:
    qwen = Model(provider="together", name="Qwen/Qwen3", context_window=1)
    known = Catalogue({}, {}, base=Catalogue({qwen.id: qwen}, {}))
    assert known.canonical(" Together/QWEN/qwen3 ") == "together/Qwen/Qwen3"
    assert known.canonical("together/qwen/qwen3-2025-01-01") == "together/Qwen/Qwen3-2025-01-01"
    assert known.canonical("Compatible/My-Model") == "compatible/My-Model"
    assert known.canonical("nothing") == "nothing"
    assert known.get("together/QWEN/Qwen3") == qwen
    own = Model(provider="Together", name="qwen/qwen3", context_window=2)
    odd = Model(provider="OpenAI", name="Mine", context_window=2)
    written = Catalogue({own.id: own, odd.id: odd}, {}, base=known).canonical
    assert written("together/qwen/qwen3") == "together/Qwen/Qwen3"
    assert written("openai/mine") == "openai/Mine"


def test_a_ceiling_is_the_price_of_what_has_none_and_its_id_gives_it_back() -> None:
    ceiling = Ceiling(input=Decimal("30"), output=Decimal("0.5"))
    price = priced("m", "1", "2")
    plain = catalogue(price)
    capped = plain.under(ceiling)
    assert capped.price("p", "m", NOW) == price
    assert capped.charged("p", "m", "unheard-of", NOW) == price
    found = capped.charged("x", "y", "z", NOW)
    assert found is not None
    assert (found.id, found.input, found.output) == ("ceiling:30/0.5", 30, Decimal("0.5"))
    again = plain.price_named(found.id)
    assert again is not None
    assert again.terms == found.terms
    for id in ("ceiling:", "ceiling:1", "ceiling:a/b", "ceiling:1/2/3"):
        assert plain.price_named(id) is None
    assert plain.under(None) is plain
