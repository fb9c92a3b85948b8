"""A stretch of a log that is checked by itself passes only as it was written, with hashing of either kind."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio

from domain.audit.merkle import one_by_one
from infra.audit import stretch
from infra.audit.pages import Row, fetching, pages
from infra.audit.stretch import check
from tests.infra.audit.conftest import audited

STREAM, VERSION, CONTEXT, PAYLOAD, DIGEST, HASH = 1, 2, 4, 5, 6, 7


@pytest_asyncio.fixture(name="rows", scope="module")
async def _rows(database_url: str) -> AsyncIterator[list[Row]]:
    async with audited(database_url) as found:
        await found.write(60, streams=5)
        async with fetching(found.log.database, found.tenant) as fetch:
            yield [row async for page in pages(fetch) for row in page]


@pytest.fixture(params=["as it is built", "one by one"], autouse=True)
def _hashing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "one by one":
        monkeypatch.setattr(stretch, "digests", one_by_one)


def changed(row: Row, column: int, value: object) -> Row:
    return cast(Row, (*row[:column], value, *row[column + 1 :]))


@pytest.mark.parametrize("column", [CONTEXT, PAYLOAD, DIGEST, HASH])
def test_one_bit_anywhere_is_too_much(rows: list[Row], column: int) -> None:
    chance = random.Random(column)
    for number, row in enumerate(rows):
        value = bytearray(cast(bytes, row[column]))
        value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
        wrong = [*rows[:number], changed(row, column, bytes(value)), *rows[number + 1 :]]
        assert check(0, wrong) is None, number
    assert check(0, rows) is not None


def test_numbers_and_versions_go_on_one_by_one(rows: list[Row]) -> None:
    for number, row in enumerate(rows[:-1]):
        rest = rows[number + 1 :]
        assert check(0, rows[:number] + rest) is None
        assert check(0, [*rows[:number], rest[0], row, *rest[1:]]) is None
        assert check(0, [*rows[:number], changed(row, VERSION, row[VERSION] + 1), *rest]) is None
    assert check(1, rows) is None
    assert check(0, [changed(rows[0], VERSION, 2)]) is None  # nothing comes before number 1


def test_a_payload_is_gone_only_where_an_erasure_may_take_it(rows: list[Row]) -> None:
    for number, row in enumerate(rows):
        found = check(0, [*rows[:number], changed(row, PAYLOAD, None), *rows[number + 1 :]])
        if row[3] in stretch.PERSONAL:
            assert found is not None
            assert found.blank == {row[STREAM]: [(row[0], row[VERSION])]}
        else:
            assert found is None
