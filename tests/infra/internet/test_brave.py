from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from application.ports import SearchFailed
from infra.internet.brave import Brave
from infra.internet.google import Google
from infra.internet.searching import Searching
from infra.secret import Secret
from tests.doubles import google_search as google
from tests.doubles.brave_search import KEY, BraveSearchDouble, brave_search_double, page
from tests.doubles.google_search import GoogleSearchDouble, google_search_double


@pytest_asyncio.fixture(name="double")
async def _double() -> AsyncIterator[BraveSearchDouble]:
    async with brave_search_double() as double:
        yield double


@pytest_asyncio.fixture(name="search")
async def _search(double: BraveSearchDouble) -> AsyncIterator[Searching]:
    search = Searching([Brave(Secret(KEY), double.url)])
    yield search
    await search.close()


async def test_pages_are_found_in_order_and_the_words_are_looked_for_as_they_are(
    double: BraveSearchDouble, search: Searching
) -> None:
    double.pages = [
        page("https://www.garmin.example/etrex", "eTrex&#x27;s page", "Waterproof to IPX7 &amp; light\u2026"),
        page("https://shop.example/x", "eTrex", None),
        page("ftp://files.example/etrex", "a file", "nothing of the web"),
    ]
    found = await search.search("etrex gps & maps", 20)
    assert [(each.title, each.site, each.snippet) for each in found] == [
        ("eTrex's page", "www.garmin.example", "Waterproof to IPX7 & light."),
        ("eTrex", "shop.example", ""),
    ]
    (asked,) = double.queries
    assert asked == {
        "q": "etrex gps & maps",
        "count": "20",
        "result_filter": "web",
        "country": "ALL",
        "spellcheck": "false",
        "text_decorations": "false",
    }


async def test_no_more_is_given_than_was_wanted_and_where_nothing_is_found_there_is_nothing(
    double: BraveSearchDouble, search: Searching
) -> None:
    assert await search.search("etrex", 3) == []
    double.pages = [page(f"https://shop.example/{n}", "eTrex", "") for n in range(5)]
    assert len(await search.search("etrex", 3)) == 3


@pytest.mark.parametrize("query", ["word " * 60, "x" * 500, f"etrex {'y' * 500}", f"{'z' * 300} {'z' * 300}"])
async def test_a_query_that_is_too_long_is_cut(
    double: BraveSearchDouble, search: Searching, query: str
) -> None:
    await search.search(query, 3)
    (asked,) = double.queries
    assert query.startswith(asked["q"])
    assert len(asked["q"]) > 4


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ((429, "RATE_LIMITED"), "too many searches came at once"),
        ((429, "QUOTA_LIMITED"), "the month's quota"),
        ((429, "anything"), "too many searches came at once"),
        ((400, "OPTION_NOT_IN_PLAN"), "plan has no web search"),
        ((500, "INTERNAL"), "answered 500"),
        ("garbage", "no page of results"),
    ],
)
async def test_a_refusal_is_told_without_the_key(
    double: BraveSearchDouble, search: Searching, fault: tuple[int, str] | str, told: str
) -> None:
    double.fault = fault
    with pytest.raises(SearchFailed, match=told) as failed:
        await search.search("etrex", 3)
    assert KEY not in str(failed.value)


async def test_a_wrong_key_is_told_and_not_shown(double: BraveSearchDouble) -> None:
    search = Searching([Brave(Secret("BSAWrong"), double.url)])
    with pytest.raises(SearchFailed, match="BRAVE_SEARCH_KEY") as failed:
        await search.search("etrex", 3)
    assert "BSAWrong" not in str(failed.value)
    await search.close()


@pytest_asyncio.fixture(name="second")
async def _second() -> AsyncIterator[GoogleSearchDouble]:
    async with google_search_double() as double:
        yield double


async def test_where_one_search_fails_the_next_is_asked(
    double: BraveSearchDouble, second: GoogleSearchDouble
) -> None:
    heard: list[str] = []
    apis = [Brave(Secret(KEY), double.url), Google(Secret(google.KEY), google.ENGINE, second.url)]
    search = Searching(apis, heard.append)
    double.pages = [page("https://one.example/", "eTrex", "")]
    second.pages = [google.page("https://two.example/", "eTrex", "")]
    assert [each.site for each in await search.search("etrex", 3)] == ["one.example"]
    double.fault = (429, "QUOTA_LIMITED")
    assert [each.site for each in await search.search("etrex", 3)] == ["two.example"]
    second.fault = (410, "gone")
    with pytest.raises(SearchFailed, match="Brave: the month's quota.*; Google: .*ended on 2027-01-01"):
        await search.search("etrex", 3)
    assert heard == ["found", "failed", "found", "failed", "failed"]
    await search.close()
