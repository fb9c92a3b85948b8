"""A place is waited for while work is due that nobody has."""

from __future__ import annotations

from uuid import UUID

from infra.postgres.database import Database
from infra.postgres.work_places import DatabaseWorkPlaces
from infra.work.rows import Work
from tests.cells import cell
from tests.infra.work.rows import Rows


async def test_a_place_is_waited_for_while_a_row_is_due_that_nobody_has(database_url: str) -> None:
    rows = await Rows.connect(database_url)
    await rows.clear()
    async with Database(cell(database_url), role="retrace_runner", size=2) as system:
        places = DatabaseWorkPlaces(system)
        await rows.owe(UUID(int=1), "campaign", "later", after=60)
        assert not await places.waited_for("campaign")
        await rows.owe(UUID(int=1), "campaign", "now")
        assert await places.waited_for("campaign")
        assert not await places.waited_for("answer")
        assert (await Work(system).claim({"campaign": 30.0}, 10)).items
        assert not await places.waited_for("campaign")
    await rows.clear()
    await rows.connection.close()
