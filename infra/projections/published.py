"""Makes the views for analysts over the read models that are live: at `migrate`, and with each switch.

A view names tables by what they are, not by their names: one that was switched away would be read on. So whoever moves tables makes
their views anew in the same transaction. The views are retrace_publisher's; row-level security holds for what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from psycopg.sql import Literal
from sqlalchemy import Column, Table
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ClauseElement

from infra.postgres.session import Connection
from infra.projections.places import SCHEMAS
from infra.projections.sql import DIALECT
from projections.base import Projection
from projections.views import VIEWS, View, views_of

SCHEMA = "retrace_analytics"
PUBLISHED = frozenset(table.name for view in VIEWS for table in view.tables())
"""Tables that views read."""

STANDING = """
SELECT v.relname::text, coalesce(obj_description(r.oid, 'pg_rewrite'), ''), bool_and(n.nspname IS NULL OR n.nspname = 'retrace')
FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid
LEFT JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid
LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE v.relnamespace = 'retrace_analytics'::regnamespace AND v.relkind = 'v' GROUP BY 1, 2
"""
"""Views, the digests of what made them, and whether they read what is live."""

OPENED = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = ANY(%s) AND c.relname = ANY(%s)
    AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'analyst')
"""

COLUMNS = """
SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'retrace'::regnamespace AND c.relname = ANY(%s)
"""


def opening(name: str) -> list[str]:
    """The steps that let views read the table of that name, its schema included: the rows of whoever has logged in. The builder's."""
    return [
        f"GRANT SELECT ON {name} TO retrace_publisher",
        f"CREATE POLICY analyst ON {name} FOR SELECT TO retrace_publisher USING (tenant = (SELECT {SCHEMA}.tenant()))",
    ]


def locking(projection: str) -> list[str]:
    """The steps that keep readers of its views from beginning, as these come: the view first, and then its tables."""
    views = views_of(projection)
    if not views:
        return []
    steps = [f"ALTER VIEW IF EXISTS {SCHEMA}.{view.name} SET (security_barrier = true)" for view in views]
    return _as_publisher(steps)


def publishing(projection: str) -> list[str]:
    """The steps that make its views over what is live now. Of a transaction of the builder's."""
    views = views_of(projection)
    if not views:
        return []
    return _as_publisher([step for view in views for step in _making(view)])


async def publish(connection: Connection, projections: Sequence[Projection]) -> None:
    """Make what is missing or reads what is live no more. `connection` is that of `migrate`, and acts as the builder.

    What the columns of a live table do not allow yet, as it is of an earlier version, is left to the switch to the next one.
    """
    rows = await (await connection.execute(OPENED, [list(SCHEMAS.values()), list(PUBLISHED)])).fetchall()
    for (name,) in rows:
        await connection.execute("; ".join(opening(name)).encode())
    wanted = [view for projection in projections for view in views_of(projection.name)]
    standing = {row[0]: row[1] for row in await (await connection.execute(STANDING)).fetchall() if row[2]}
    columns = {
        (row[0], row[1]) for row in await (await connection.execute(COLUMNS, [list(PUBLISHED)])).fetchall()
    }
    steps = [
        step
        for view in wanted
        if standing.get(view.name) != _digest(view) and set(_read_by(view)) <= columns
        for step in (*_making(view), *_describing(view))
    ]
    if steps:
        await connection.execute("; ".join(_as_publisher(steps)).encode())


def _as_publisher(steps: Iterable[str]) -> list[str]:
    return [
        "SET LOCAL ROLE retrace_publisher",
        "SET LOCAL search_path = retrace",
        *steps,
        "SET LOCAL ROLE retrace_builder",
    ]


def _making(view: View) -> list[str]:
    names = ", ".join(f'"{column.name}"' for column in view.columns)
    return [
        f"CREATE OR REPLACE VIEW {SCHEMA}.{view.name} ({names}) WITH (security_barrier = true) AS {_text(view.query())}",
        f"GRANT SELECT ON {SCHEMA}.{view.name} TO retrace_analyst",
    ]


def _describing(view: View) -> list[str]:
    """What it is, where tools that look at a database show it; and the digest of what made it, where they do not."""
    name = f"{SCHEMA}.{view.name}"
    return [
        f"COMMENT ON VIEW {name} IS {_quoted(view.what)}",
        *(f'COMMENT ON COLUMN {name}."{each.name}" IS {_quoted(each.what)}' for each in view.columns),
        f'COMMENT ON RULE "_RETURN" ON {name} IS {_quoted(_digest(view))}',
    ]


def _digest(view: View) -> str:
    steps = [*_making(view), view.what, *(column.what for column in view.columns)]
    return sha256("\n".join(steps).encode()).hexdigest()


def _read_by(view: View) -> list[tuple[str, str]]:
    """The columns that it reads, by table."""
    parts = [part for column in view.columns for part in visitors.iterate(column.source)]
    return [
        (part.table.name, part.name)
        for part in parts
        if isinstance(part, Column) and isinstance(part.table, Table)
    ]


def _text(query: ClauseElement) -> str:
    compiled = query.compile(dialect=DIALECT, compile_kwargs={"literal_binds": True})
    return " ".join(str(compiled).replace("%%", "%").split())


def _quoted(text: str) -> str:
    return Literal(text).as_string()
