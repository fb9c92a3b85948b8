from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from application.ports import SearchFailed
from infra.internet import searching
from infra.internet.google import Google
from infra.internet.searching import Searching
from infra.secret import Secret
from tests.doubles.google_search import ENGINE, KEY, GoogleSearchDouble, google_search_double, page


@pytest_asyncio.fixture(name="double")
async def _double() -> AsyncIterator[GoogleSearchDouble]:
    async with google_search_double() as double:
        yield double


@pytest_asyncio.fixture(name="search")
async def _search(double: GoogleSearchDouble) -> AsyncIterator[Searching]:
    search = Searching([Google(Secret(KEY), ENGINE, double.url)])
    yield search
    await search.close()


async def test_pages_are_found_in_order_with_their_sites_and_their_excerpts_as_plain_text(
    double: GoogleSearchDouble, search: Searching
) -> None:
    double.pages = [
        page("https://www.garmin.example/etrex?a=1", "eTrex&#39;s page", "... Waterproof\u00a0to IPX7, runs\nfor 168 hours \u2026"),
        page("https://shop.example:8443/x", "eTrex", None),
        page("ftp://files.example/etrex", "a file", "nothing of the web"),
        page("https://[broken/", "broken", "no address"),
    ]  # fmt: skip
    found = await search.search("etrex gps & maps", 20)
    assert [(each.site, each.snippet) for each in found] == [
        ("www.garmin.example", "Waterproof to IPX7, runs for 168 hours."),
        ("shop.example", ""),
    ]
    assert found[0].title == "eTrex's page"
    (asked,) = double.queries
    assert asked == {"key": KEY, "cx": ENGINE, "q": "etrex gps & maps", "num": "10"}


async def test_where_nothing_is_found_there_is_nothing(double: GoogleSearchDouble, search: Searching) -> None:
    assert await search.search("etrex", 3) == []


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ((429, "rateLimitExceeded"), "quota"),
        ((403, "dailyLimitExceeded"), "quota"),
        ((403, "accessNotConfigured"), "not enabled"),
        ((500, "backendError"), "answered 500"),
        ((429, "anything"), "quota"),
        ("garbage", "no page of results"),
    ],
)
async def test_a_refusal_is_told_without_the_key(
    double: GoogleSearchDouble, search: Searching, fault: tuple[int, str] | str, told: str
) -> None:
    double.fault = fault
    with pytest.raises(SearchFailed, match=told) as failed:
        await search.search("etrex", 3)
    assert KEY not in str(failed.value)


async def test_a_wrong_key_is_told_and_not_shown(double: GoogleSearchDouble) -> None:
    search = Searching([Google(Secret("AIzaWrong"), ENGINE, double.url)])
    with pytest.raises(SearchFailed, match="GOOGLE_SEARCH_KEY") as failed:
        await search.search("etrex", 3)
    assert "AIzaWrong" not in str(failed.value)
    await search.close()


async def test_whoever_does_not_answer_is_not_waited_for(
    double: GoogleSearchDouble, search: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LONGEST", 0.1)
    double.delay = 30
    with pytest.raises(SearchFailed, match="no answer within"):
        await search.search("etrex", 3)


async def test_an_address_in_a_private_network_is_not_called(double: GoogleSearchDouble) -> None:
    heard: list[str] = []
    api = Google(Secret(KEY), ENGINE, double.url)
    api.private = False
    search = Searching([api], heard.append)
    with pytest.raises(SearchFailed, match="private network"):
        await search.search("etrex", 3)
    assert (double.calls, heard) == ([], ["failed"])
    await search.close()


async def test_without_a_key_there_is_none_to_ask() -> None:
    search = Searching([])
    assert not search.is_set_up
    with pytest.raises(SearchFailed, match="BRAVE_SEARCH_KEY"):
        await search.search("etrex", 3)
    await search.close()
