"""What a view for analysts is: plain columns over the tables of one read model, under names that stay.

Columns are only ever added, at the end: reports of others name them. No texts, keys, or numbers that only the program understands.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    Numeric,
    Select,
    String,
    Table,
    Text,
    Uuid,
    select,
)
from sqlalchemy import Column as TableColumn

from projections.base import Projection

Type = Literal[
    "uuid", "text", "boolean", "integer", "bigint", "double precision", "numeric", "date", "timestamptz"
]
"""As PostgreSQL calls them."""

TYPES: dict[type[Any], Type] = {
    Uuid: "uuid",
    String: "text",
    Text: "text",
    Boolean: "boolean",
    Integer: "integer",
    BigInteger: "bigint",
    Float: "double precision",
    Double: "double precision",
    Numeric: "numeric",
    Date: "date",
    DateTime: "timestamptz",
}


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """`what` it says, with its unit; `source`: what of the read model it is."""

    name: str
    what: str
    source: ColumnElement[Any]

    @property
    def type(self) -> Type:
        return TYPES[type(self.source.type)]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One question's rows. `what` a row is; `projection`: whose tables it reads.

    `key`: the columns that tell its rows of one tenant apart. `time`: the column that `since` and `until` of an export go by (None: it has
    none). `stream`: the column with the id of the stream whose events change the row; None where rows are sums over many streams.
    `where`, `grouped`: which rows of the table it has, and whether it has one for each of its key.
    """

    name: str
    what: str
    projection: type[Projection]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time: str | None = None
    stream: str | None = None
    where: ColumnElement[bool] | None = None
    grouped: bool = False

    def tables(self) -> tuple[Table, ...]:
        """Those that it reads."""
        return tuple(found for found in self.query().get_final_froms() if isinstance(found, Table))

    def column(self, name: str) -> Column:
        """Raises KeyError."""
        return next(each for each in self.columns if each.name == name)

    def query(self) -> Select[Any]:
        """All its rows, of whichever tenant row-level security holds the session to."""
        query = select(*(column.source.label(column.name) for column in self.columns))
        if self.where is not None:
            query = query.where(self.where)
        if self.grouped:
            query = query.group_by(*(self.column(name).source for name in self.key))
        return query


def column(source: TableColumn[Any], what: str, name: str | None = None) -> Column:
    """A column of the read model as it stands; by its own name where no other is given."""
    return Column(name=name or source.name, what=what, source=source)
