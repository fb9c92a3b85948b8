"""What a projection is: tables, the topics that it reads, and how a batch of one tenant's events changes them.

`apply` runs in the transaction that also moves the cursor, so each event has its effect exactly once. Handlers never call
anything outside that transaction and never depend on time or chance: a rebuild must give the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Column, Executable, MetaData, Table, Uuid
from sqlalchemy.dialects.postgresql import Insert, insert

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation

metadata = MetaData()
"""All read models. Each has `tenant` as its first column and first in its primary key; row-level security holds to it.

No schema is named: the same statements serve the tables that are read and those that are built beside them.
"""

RUNS = (Conversation.Metered, Call.Metered)
"""The events that tell of an answer, or of a call of an app's, which models were tried on the way."""

Row = Mapping[str, Any]
R = TypeVar("R", bound=msgspec.Struct)


class Sql(Protocol):
    """Statements of SQLAlchemy Core in the transaction of one tenant."""

    async def all(self, statement: Executable) -> list[Row]:
        """The rows of a query, by column name."""

    async def ask(self, statement: Executable, values: Mapping[str, Any]) -> list[Row]:
        """As `all`, of a statement that is kept and asked again with other `values` of its parameters: it is put into words once."""

    async def run(self, statement: Executable) -> None:
        """Execute."""

    async def put(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows, which have the same columns and differ in their keys, with one statement. No column is an array."""


class Projection(Protocol):
    """One question's read model. A new `version` is built beside the old one.

    One whose earlier versions held in clear what stands sealed in the log alone says with `sealed_since` which is the first that does not:
    those before it are dropped when they have been switched away (`held_clear`).

    One that goes by the time and the kind of personal events alone says so with `sees_erased`: it gets those too that were erased (`event` is None),
    and so the same rows before and after that.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    tables: ClassVar[Sequence[Table]]
    events: ClassVar[Sequence[type[Event]]]
    """The events that it reads; all others pass by undecoded."""

    on_failure: ClassVar[Literal["park", "stop"]]
    """What becomes of an event that can't be applied: park it and go on, or stop this tenant's projection."""

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        """Change the tables by these events of one tenant, in order; all are of `events` and none is erased, unless it asks for those."""


def held_clear(projection: Projection, version: int) -> bool:
    """Whether the tables of that version held personal texts: then they are not kept to go back to."""
    since: int = getattr(projection, "sealed_since", 0)
    return version < since


def sees_erased(projection: Projection) -> bool:
    """Whether it gets events too of which only the columns are left."""
    sees: bool = getattr(projection, "sees_erased", False)
    return sees


def tenant_column() -> Column[UUID]:
    return Column("tenant", Uuid, primary_key=True)


def topics(projections: Sequence[Projection]) -> frozenset[str]:
    """All topics that these projections read."""
    return frozenset(event.TOPIC for projection in projections for event in projection.events)


def replacing(table: Table) -> Insert:
    """INSERT whose rows take the place of those with the same key."""
    statement = insert(table)
    keys = list(table.primary_key.columns)
    changes = {column.name: statement.excluded[column.name] for column in table.columns if column not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def adding(table: Table, names: Sequence[str]) -> Insert:
    """INSERT whose figures are added to those of the row with the same key."""
    statement = insert(table)
    changes = {name: table.c[name] + statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changes)


def row_of(tenant: UUID, struct: msgspec.Struct) -> dict[str, Any]:
    """A struct as a row of its tenant's."""
    return {"tenant": tenant, **msgspec.structs.asdict(struct)}


def struct_of(kind: type[R], row: Row) -> R:
    """A row as a struct whose fields are its columns, the tenant aside."""
    return kind(**{name: value for name, value in row.items() if name != "tenant"})
