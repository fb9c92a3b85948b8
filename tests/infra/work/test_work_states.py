"""Any order of owing, claiming, ending, settling and running out of leases, against a model of what must be left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from infra.postgres.database import Database
from infra.work.items import Ending, Finished, Item
from infra.work.rows import Work
from tests.cells import cell
from tests.infra.work.rows import Rows

T = TypeVar("T")
Place = tuple[UUID, str, str]

PLACES = [(UUID(int=tenant), kind, key) for tenant in (1, 2) for kind in ("answer", "send") for key in "xy"]
LEASES = {"answer": 600.0, "send": 600.0}


class WorkStates(RuleBasedStateMachine):
    """`owed`: how often each row was owed since it was made. `held`: by whom it is leased. `old`: leases that are no more."""

    runner: asyncio.Runner
    rows: Rows
    work: Work

    def __init__(self) -> None:
        super().__init__()
        self.owed: dict[Place, int] = {}
        self.parked: set[Place] = set()
        self.held: dict[Place, Item] = {}
        self.old: list[Item] = []
        self.wait(self.rows.clear())

    def wait(self, awaitable: Awaitable[T]) -> T:
        async def outcome() -> T:
            return await awaitable

        return self.runner.run(outcome())

    def finish(self, item: Item, ending: Ending) -> None:
        end = Finished(item, ending, again_at=datetime.now(UTC), error="ValueError")
        assert self.wait(self.work.finish([end])) == []

    @rule(place=st.sampled_from(PLACES))
    def owe(self, place: Place) -> None:
        self.wait(self.rows.owe(*place))
        self.owed[place] = self.owed.get(place, 0) + 1
        self.parked.discard(place)

    @rule(place=st.sampled_from(PLACES))
    def settle(self, place: Place) -> None:
        self.wait(self.rows.settle(*place))
        self.owed.pop(place, None)
        self.parked.discard(place)
        if item := self.held.pop(place, None):
            self.old.append(item)

    @rule(limit=st.integers(1, 10))
    def claim(self, limit: int) -> None:
        free = self.owed.keys() - self.held.keys() - self.parked
        items = self.wait(self.work.claim(LEASES, limit)).items
        places = {(item.tenant, item.kind, item.key) for item in items}
        assert len(places) == len(items) <= limit
        assert places <= free
        assert places or not free
        for item in items:
            place = (item.tenant, item.kind, item.key)
            assert item.revision == self.owed[place]
            self.held[place] = item

    @precondition(lambda self: self.held)
    @rule(data=st.data(), ending=st.sampled_from(Ending))
    def end(self, data: st.DataObject, ending: Ending) -> None:
        place = data.draw(st.sampled_from(sorted(self.held)))
        item = self.held.pop(place)
        self.finish(item, ending)
        if item.revision == self.owed[place]:
            if ending is Ending.DONE:
                del self.owed[place]
            elif ending is Ending.PARKED:
                self.parked.add(place)

    @precondition(lambda self: self.old)
    @rule(data=st.data(), ending=st.sampled_from(Ending))
    def end_too_late(self, data: st.DataObject, ending: Ending) -> None:
        self.finish(data.draw(st.sampled_from(self.old)), ending)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def run_out_and_lose(self, data: st.DataObject) -> None:
        """A worker dies; another one gets the row."""
        place = data.draw(st.sampled_from(sorted(self.held)))
        self.old.append(self.held.pop(place))
        self.wait(
            self.rows.connection.execute(
                "UPDATE work SET lease_until = now(), wake_at = greatest(now(), due_at) WHERE (tenant, kind, key) = (%s, %s, %s)",
                place,
            )
        )
        for _ in range(10):
            for item in self.wait(self.work.claim(LEASES, 10)).items:
                self.held[item.tenant, item.kind, item.key] = item
            if place in self.held:
                return
        raise AssertionError(f"{place} never came back")

    @rule()
    def renew(self) -> None:
        current = list(self.held.values())
        renewed, lost = self.wait(self.work.renew([*current, *self.old], LEASES))
        assert renewed == current
        assert not set(lost) & set(current)

    @invariant()
    def rows_are_as_in_the_model(self) -> None:
        found = self.wait(self.rows.get("tenant, kind, key, revision, parked_at IS NOT NULL, holder"))
        assert {(t, k, key): rest for t, k, key, *rest in found} == {
            place: [
                revision,
                place in self.parked,
                self.held[place].holder if place in self.held else None,
            ]
            for place, revision in self.owed.items()
        }


@pytest.fixture
def machine(database_url: str) -> Iterator[type[WorkStates]]:
    with asyncio.Runner() as runner:

        async def opened() -> tuple[Rows, Database]:
            database = Database(cell(database_url), role="retrace_runner", size=1)
            await database.open()
            return await Rows.connect(database_url), database

        async def closed() -> None:
            await rows.connection.close()
            await database.close()

        rows, database = runner.run(opened())
        WorkStates.runner, WorkStates.rows, WorkStates.work = runner, rows, Work(database)
        yield WorkStates
        runner.run(closed())


def test_whatever_happens_owed_work_is_there_until_its_newest_state_was_done(
    machine: type[WorkStates],
) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
