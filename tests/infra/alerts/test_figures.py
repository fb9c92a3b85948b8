"""Windows are put together of hours and of five minutes, each once, whatever their edges are; and come to what a sum of all events comes to."""

from __future__ import annotations

import random
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from domain.insight.alerts.counted import HOUR, SUMS, Slot, Slots
from domain.insight.alerts.figures import Window
from infra.alerts.figures import ReadAlertFigures, pieces_of
from infra.postgres.database import Database
from projections.alert_figures import by_hour
from tests.cells import cell

windows = st.builds(
    lambda first, length: Window(first, first + length), st.integers(0, 400), st.integers(1, 300)
)


@given(st.lists(windows, min_size=1, max_size=6))
def test_each_window_is_made_of_its_slots_once(wanted: list[Window]) -> None:
    pieces = pieces_of(wanted)
    for window in wanted:
        slots = [
            slot
            for piece in pieces
            if window.first <= piece.n < window.last
            for part in range(piece.first, piece.last)
            for slot in (range(part * HOUR, part * HOUR + HOUR) if piece.hourly else [part])
        ]
        assert sorted(slots) == list(range(window.first, window.last))


async def test_all_windows_of_a_look_come_to_what_their_slots_come_to(database_url: str) -> None:
    chance, tenant, now = random.Random(7), uuid4(), 5_800_003
    counted = Slots()
    for number in range(now - 700, now + 1):
        if chance.random() < 0.4:
            some = {name: chance.randrange(50) for name in SUMS}
            took = {chance.randrange(300, 320): chance.randrange(1, 9) for _ in range(3)}
            counted.slots[number] = Slot(**{**some, "cost": Decimal(some["cost"]) / 1000}, took=took)
    await _put(database_url, tenant, counted)
    wanted = [
        Window(now + 1 - length - shift, now + 1 - shift)
        for length, shift in [(3, 0), (72, 0), (288, 0), (288, 288), (600, 0), (13, 7)]
    ]
    async with Database(cell(database_url), size=1) as database:
        found = await ReadAlertFigures(database).look(tenant, dict.fromkeys(wanted, True))
        assert found.figures == {each: counted.figures(each) for each in wanted}
        nothing = await ReadAlertFigures(database).look(tenant, {})
        assert (nothing.figures, nothing.versions) == ({}, found.versions)


async def _put(url: str, tenant: UUID, counted: Slots) -> None:
    rows = [
        {"tenant": tenant, "slot": number, **{name: getattr(slot, name) for name in SUMS}}
        for number, slot in counted.slots.items()
    ]
    places = ", ".join(["%s"] * (len(SUMS) + 2))
    async with await psycopg.AsyncConnection.connect(url) as connection, connection.cursor() as cursor:
        await cursor.execute("SET search_path = retrace")
        for table, some in (("alert_figures", rows), ("alert_figures_hours", by_hour(tenant, rows))):
            values = [list(row.values()) for row in some]
            await cursor.executemany(f"INSERT INTO {table} VALUES ({places})".encode(), values)
        buckets = [
            (tenant, number, *each) for number, slot in counted.slots.items() for each in slot.took.items()
        ]
        await cursor.executemany("INSERT INTO alert_figures_took VALUES (%s, %s, %s, %s)", buckets)
