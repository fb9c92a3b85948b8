"""New databases on a Citus that runs already, each joined as the one of the URL is. docs/citus.md says how to get one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo


@cache
def nodes(coordinator: str) -> tuple[tuple[str, int], ...]:
    """Host and port of the coordinator, then of the workers."""
    facts = conninfo_to_dict(coordinator)
    with psycopg.connect(coordinator) as connection:
        query = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 AND isactive ORDER BY 2"
        workers = connection.execute(query).fetchall()
    return (str(facts["host"]), int(facts["port"] or 5432)), *((row[0], row[1]) for row in workers)


@contextmanager
def database(coordinator: str, name: str, shards: int) -> Iterator[str]:
    """A new, empty database on each node; its URL is the superuser's, at the coordinator."""
    places = nodes(coordinator)

    def at(place: tuple[str, int], of: str) -> str:
        return make_conninfo(coordinator, host=place[0], port=place[1], dbname=of)

    for place in places:
        with psycopg.connect(at(place, "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
            connection.execute(f"ALTER DATABASE {name} SET citus.shard_count = {shards}".encode())
        with psycopg.connect(at(place, name), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION citus; CREATE EXTENSION vector")
    try:
        with psycopg.connect(at(places[0], name), autocommit=True) as connection:
            connection.execute("SELECT citus_set_coordinator_host(%s, %s)", places[0])
            for place in places[1:]:
                connection.execute("SELECT citus_add_node(%s, %s)", place)
        yield at(places[0], name)
    finally:
        for place in places:
            with psycopg.connect(at(place, "postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
