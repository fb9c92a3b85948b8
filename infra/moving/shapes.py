"""Which columns a table has, and which of them are its key."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from infra.moving.side import Side


@dataclass(frozen=True)
class Shape:
    columns: list[str]
    key: list[str]

    def named(self) -> sql.Composed:
        """All columns, as a statement has them."""
        return sql.SQL(", ").join(map(sql.Identifier, self.columns))


async def shape_of(side: Side, table: str) -> Shape:
    """Without what the database makes itself of other columns."""
    query = (
        "SELECT a.attname::text, coalesce(a.attnum = ANY (i.indkey::int2[]), false) FROM pg_attribute a "
        "LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary "
        "WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum"
    )
    rows = await (await side.connection.execute(query.encode(), [f"retrace.{table}"])).fetchall()
    return Shape([row[0] for row in rows], [row[0] for row in rows if row[1]])
