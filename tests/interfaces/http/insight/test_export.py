"""Views as files: exact, in pages, whole or since the export before."""

from __future__ import annotations

import asyncio
import builtins
import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow.parquet
import pytest

from interfaces.bootstrap import Services
from interfaces.http.insight import export
from interfaces.http.insight.export_forms import form_of
from projections.views import VIEWS, View
from projections.views.conversations import INTERACTIONS
from projections.views.costs import USAGE_BY_DAY
from tests.interfaces.http.conftest import Customer

Rows = list[dict[str, Any]]


async def exported(customer: Customer, view: str, format: str = "json", **query: Any) -> tuple[Any, int]:
    """What an export holds, and how far it goes."""
    at_least = query.pop("at_least", None)
    headers = {"Retrace-Position": at_least} if at_least else {}
    address = f"/v1/analytics/export/{view}"
    reply = await customer.http.get(address, params={"format": format, **query}, headers=headers)
    assert reply.status_code == 200, reply.text
    content = reply.json() if format == "json" else reply.content
    return content, int(reply.headers["Retrace-Export-Position"])


async def asked(customer: Customer, address: str) -> str:
    reply = await customer.ask("When are you open?", address=address)
    assert reply.status_code == 200, reply.text
    return reply.headers["Retrace-Position"]


async def test_an_export_goes_on_where_the_one_before_has_ended(
    ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    monkeypatch.setattr(export, "STREAMS", 1)
    for name in ("ann", "bob", "cis"):
        at = await asked(ours, name)
    whole, first = await exported(ours, "conversations", at_least=at)
    assert len(whole) == len({row["conversation"] for row in whole}) == 3
    none, _ = await exported(ours, "interactions", since_position=first)
    assert none == []
    for name in ("bob", "dan"):
        at = await asked(ours, name)
    changed, second = await exported(ours, "conversations", since_position=first, at_least=at)
    assert second > first
    assert sorted(row["messages"] for row in changed) == [1, 2]
    together = {row["conversation"]: row for row in [*whole, *changed]}
    everything, _ = await exported(ours, "conversations")
    assert together == {row["conversation"]: row for row in everything}
    figures, _ = await exported(ours, "usage_by_day", since_position=second)
    assert len(figures) == 1  # of many streams: whole


async def test_the_three_forms_say_the_same(ours: Customer) -> None:
    at = await asked(ours, "eve")
    rows, position = await exported(ours, "interactions", at_least=at)
    text, _ = await exported(ours, "interactions", "csv")
    file, _ = await exported(ours, "interactions", "parquet")
    names = [column.name for column in INTERACTIONS.columns]
    table = pyarrow.parquet.read_table(io.BytesIO(file))
    assert list(rows[0]) == table.schema.names == names
    assert str(table.schema.field("cost_usd").type) == "decimal128(38, 18)"
    assert str(table.schema.field("received_at").type) == "timestamp[us, tz=UTC]"
    assert table.schema.metadata[b"position"] == str(position).encode()
    lines = list(csv.DictReader(io.StringIO(text.decode())))
    for row, line, packed in zip(rows, lines, table.to_pylist(), strict=True):
        assert row["interaction"] == line["interaction"] == packed["interaction"]
        assert Decimal(row["cost_usd"]) == Decimal(line["cost_usd"]) == packed["cost_usd"]
        assert datetime.fromisoformat(row["received_at"]) == packed["received_at"]
        assert line["received_at"] == row["received_at"]
        assert line["cached"] == str(row["cached"]).lower()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_each_view_can_be_exported(ours: Customer, view: View) -> None:
    await exported(ours, view.name, "csv")
    at = {"since": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00+02:00"} if view.time else {}
    await exported(ours, view.name, "parquet", **at)
    await exported(ours, view.name, since_position=0)


async def test_since_and_until_part_the_rows(ours: Customer) -> None:
    at = await asked(ours, "fay")
    today = datetime.now(UTC).date().isoformat()
    whole, _ = await exported(ours, "interactions", at_least=at)
    middle = whole[0]["received_at"]
    before, _ = await exported(ours, "interactions", until=middle)
    after, _ = await exported(ours, "interactions", since=middle)
    assert sorted(map(str, [*before, *after])) == sorted(map(str, whole))
    assert await exported(ours, "usage_by_day", since=f"{today}T00:00:00Z") != ([], 0)
    assert (await exported(ours, "usage_by_day", until=f"{today}T00:00:00Z"))[0] == []


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [("secrets", 404, "/v1/analytics/views"), ("conversations?format=xml", 400, "format"), ("provider_drift?since=2026-01-01T00:00:00Z", 400, "no time"),
     ("conversations?since=yesterday", 400, "since"), ("conversations?since_position=-1", 400, "since_position"), ("conversations?since_position=99999999", 409, "end")],
)  # fmt: skip
async def test_what_can_not_be_exported_is_refused_in_words(
    ours: Customer, address: str, status: int, words: str
) -> None:
    reply = await ours.http.get(f"/v1/analytics/export/{address}")
    assert (reply.status_code, words in reply.text) == (status, True), reply.text


async def test_without_pyarrow_parquet_says_what_to_install(
    ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return known(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    reply = await ours.http.get("/v1/analytics/export/costs?format=parquet")
    assert (reply.status_code, "[analytics]" in reply.text) == (422, True), reply.text


async def test_a_number_that_does_not_fit_is_refused_and_not_rounded(ours: Customer, parts: Services) -> None:
    await asked(ours, "gil")
    await exported(ours, "usage_by_day", "parquet")
    with psycopg.connect(str(parts.settings.database_url), autocommit=True) as superuser:
        change = "UPDATE retrace.costs SET cost = cost + %s WHERE tenant = %s"
        # In a thread: the projector, whose rows these are, runs on this loop.
        await asyncio.to_thread(superuser.execute, change, [Decimal("1e-19"), ours.tenant])
        reply = await ours.http.get("/v1/analytics/export/usage_by_day?format=parquet")
        await asyncio.to_thread(superuser.execute, change, [Decimal("-1e-19"), ours.tenant])
    assert (reply.status_code, "csv or json" in reply.text) == (422, True), reply.text


def test_memory_is_that_of_a_page() -> None:
    """What was made ready is given away, in Parquet too; exact numbers of any size that fits come back as they were."""
    form = form_of("parquet", USAGE_BY_DAY, 7)
    row = dict.fromkeys((column.name for column in USAGE_BY_DAY.columns), 1)
    costs = [
        Decimal("0E-30"),
        Decimal("1E-18"),
        Decimal("12345678901234567890.123456789012345678"),
        Decimal("1E+3"),
    ]
    sizes, file = [], b""
    for number in range(20):
        rows = [{**row, "day": date(2026, 1, 1), "cost_usd": costs[n % 4]} for n in range(1000)]
        sizes.append(len(part := form.rows(rows)))
        file += part
        assert number < 2 or sizes[-1] <= 1.2 * sizes[1]
    file += form.end()
    table = pyarrow.parquet.read_table(io.BytesIO(file))
    assert table.num_rows == 20_000
    assert table.column("cost_usd").to_pylist()[:4] == costs


async def test_another_tenants_rows_are_in_no_export(ours: Customer, theirs: Customer) -> None:
    await asked(ours, "hal")
    for view in VIEWS:
        rows, _ = await exported(theirs, view.name)
        assert rows == [], view.name
