"""Where a text still stands in the database."""

from __future__ import annotations

import psycopg

from tests.application.conftest import Shop


def rows_with(shop: Shop, text: str) -> list[str]:
    """Tables of all schemas in which a row has this text."""
    hits = []
    with psycopg.connect(str(shop.parts.settings.database_url)) as superuser:
        query = (
            "SELECT oid::regclass::text FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace::regnamespace::text LIKE 'retrace%'"
        )
        for (table,) in superuser.execute(query).fetchall():
            count = f"SELECT count(*) FROM {table} t WHERE position(%s in t::text) > 0"
            if superuser.execute(count.encode(), [text]).fetchone() != (0,):
                hits.append(table)
    return hits
