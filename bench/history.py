"""A tenant's history in the read models of analytics, made in the database: so many answers, spread over so many days, summed by slot as projections do."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from domain.base.sketch import GAMMA
from domain.insight.answer import COUNTS
from domain.insight.contacts import CONTACTS
from domain.insight.sales import AMOUNTS, SALES
from domain.insight.slots import GRAINS
from projections.spending import COUNTS as CALLS

FACTS = """
CREATE TEMP TABLE facts AS
SELECT n, %(end)s::timestamptz - random() * %(days)s * interval '1 day' AS at,
    (ARRAY['openai/small', 'openai/large', 'gemini/small', 'together/open'])[1 + n %% 4] AS model,
    (ARRAY['whatsapp', 'http', 'completions'])[1 + n %% 3] AS channel,
    (ARRAY['price', 'delivery', 'person', 'return', 'request', 'order'])[1 + n %% 6] AS intent,
    exp(7 + random() * 2) AS ms
FROM generate_series(1, %(answers)s) n
"""
PLACES = (
    "CROSS JOIN LATERAL (VALUES ('', ''), ('model', model), ('provider', split_part(model, '/', 1)), ('channel', channel), "
    "('intent', intent), ('experiment', 'x/' || n % 2)) p (dimension, value)"
)
SLOT = "date_bin(interval '1 minute' * {grain}, at, timestamptz '1970-01-01 00:00Z')"
ENTRY_BYTES = (("bucket", 0), ("bucket", 8), ("count", 0), ("count", 8), ("count", 16), ("count", 24))
EVERY = {"answers": 1, "timed": 1, "conversations": 4, "messages": 1, "calls": 1, "made": 1}
"""A figure stands at each answer, or at each so-manieth; unless told at each seventh."""


def fill(connection: psycopg.Connection, tenant: UUID, *, answers: int, days: int, end: datetime) -> None:
    """`connection` is a superuser's."""
    connection.execute(FACTS.encode(), {"answers": answers, "days": days, "end": end})
    counts = [_count(name) if name != "response_ms" else "sum(ms)::bigint" for name in COUNTS]
    calls = [_count(name) if "tokens" not in name else "sum(100 + n % 900)" for name in CALLS]
    cost = "sum((n % 1000) * 0.000001)"
    for grain in GRAINS:
        slot = SLOT.format(grain=grain)
        for table, keys, values in (
            ("answer_figures", ["dimension", "value"], [*counts, cost]),
            ("contacts", [], [_count(name) for name in CONTACTS]),
            ("spending", ["split_part(model, '/', 1)", "model", "'chat'"], [*calls, cost]),
            (
                "sales",
                ["'purchase'", "(ARRAY['EUR', 'USD'])[1 + n % 2]"],
                [*map(_count, SALES), *["sum(20.5)"] * len(AMOUNTS)],
            ),
        ):
            _put(connection, tenant, grain, table, keys, slot, values, each=10 if table == "sales" else 1)
        bucket = f"ceil(ln(ms) / ln({GAMMA}))::int"
        _put_sketches(connection, tenant, grain, slot, bucket)
    connection.execute("DROP TABLE facts")


def _put_sketches(connection: psycopg.Connection, tenant: UUID, grain: int, slot: str, bucket: str) -> None:
    """As `domain.base.sketch.packed` writes them, little-endian."""
    entry = "".join(
        f" || set_byte('\\x00', 0, (({name} >> {shift}) & 255)::int)" for name, shift in ENTRY_BYTES
    ).removeprefix(" || ")
    query = (
        f"INSERT INTO retrace.answer_figures_responses SELECT '{tenant}'::uuid, dimension, {grain}, slot, value, "
        f"string_agg({entry}, '' ORDER BY bucket) FROM (SELECT dimension, {slot} AS slot, value, {bucket} AS bucket, count(*) AS count "
        f"FROM facts {PLACES} GROUP BY 1, 2, 3, 4) s GROUP BY dimension, slot, value"
    )
    connection.execute(query.encode())


def _put(
    connection: psycopg.Connection,
    tenant: UUID,
    grain: int,
    table: str,
    keys: list[str],
    slot: str,
    values: list[str],
    *,
    each: int = 1,
) -> None:
    """In the order of the table's columns: tenant, (dimension), grain, at, the other keys, the figures."""
    own = table.startswith("answer_figures")
    first, rest = (keys[:1], keys[1:]) if own else ([], keys)
    listed = [f"'{tenant}'::uuid", *first, str(grain), slot, *rest, *values]
    places = PLACES if own else ""
    columns = [str(2 + number) for number in range(len(first) + 2 + len(rest)) if number != len(first)]
    query = f"INSERT INTO retrace.{table} SELECT {', '.join(listed)} FROM facts {places} WHERE n % {each} = 0 GROUP BY {', '.join(columns)}"
    connection.execute(query.encode())


def _count(name: str) -> str:
    every = EVERY.get(name, 7)
    return f"count(*) FILTER (WHERE n % {every} = 0)"
