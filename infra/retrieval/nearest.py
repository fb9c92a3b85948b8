"""Statements of nearest-neighbour search among a tenant's vectors: exact, by the covering index, and approximate, by an index of its own.

Values: $1 the vector, $2 the tenant, $3 the model, $4 how many, $5 `among` which documents.
"""

from __future__ import annotations

from infra.postgres.exchange import Statement

COVERED = 1024
"""Dimensions of a vector that the covering index has room for. Its predicate says so, and has to stand in a query that is to use it."""

NEAREST = """
WITH best AS MATERIALIZED (
    SELECT document, ordinal, {distance} AS distance FROM vectors
    WHERE tenant = $2 AND model = $3 AND {which} ORDER BY {order} LIMIT $4
)
SELECT document, ordinal, id, page, last_page, section, title, content, source, priority, came_at, 1 - distance FROM best CROSS JOIN LATERAL (
    SELECT id, page, last_page, section, title, content, source, priority, came_at FROM chunks
    WHERE tenant = $2 AND document = best.document AND ordinal = best.ordinal LIMIT 1
) chunk ORDER BY distance, document, ordinal
"""
"""LIMIT 1 keeps the planner from any other way to the texts than by their keys, however many it takes the best for."""

DISTANCES = "SELECT {distance} AS distance FROM vectors WHERE tenant = $2 AND model = $3 AND {which} ORDER BY distance LIMIT $4"

INDEXED = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)",
    (),
)
"""For this transaction. A plan that is made for an average tenant among few reads the table, and is kept: a small tenant would read all
vectors of a large one for as long as its connection lives. The index is in no case much slower."""

_EXACT = "embedding <=> $1::halfvec"


def nearest(dimension: int, among: bool = False) -> str:
    """Exact."""
    which = _fitting(dimension) + (" AND document = ANY ($5::uuid[])" if among else "")
    return NEAREST.format(distance=_EXACT, which=which, order="distance, document, ordinal")


def distances(dimension: int) -> str:
    """Exact, and of the nearest no more than how far they are."""
    return DISTANCES.format(distance=_EXACT, which=_fitting(dimension))


def nearest_by_index(dimension: int) -> str:
    """Approximate. Where the index is not there it is exact, and slower."""
    return NEAREST.format(distance=_approximate(dimension), which=_indexed(dimension), order="distance")


def distances_by_index(dimension: int) -> str:
    return DISTANCES.format(distance=_approximate(dimension), which=_indexed(dimension))


def by_index(ef: int) -> Statement:
    """For this transaction: `ef` candidates at a time, as many times as it takes to have enough that were not deleted; and by the index, which
    the planner knows for the tenant's own when it plans for these very values."""
    return (
        "SELECT set_config('hnsw.ef_search', $1, true), set_config('hnsw.iterative_scan', 'strict_order', true), "
        "set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true), "
        "set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)",
        [str(ef)],
    )


def _fitting(dimension: int) -> str:
    return f"vector_dims(embedding) {'<=' if dimension <= COVERED else '>'} {COVERED}"


def _indexed(dimension: int) -> str:
    return f"vector_dims(embedding) = {dimension:d}"


def _approximate(dimension: int) -> str:
    """As the index has it (`indexes.py`)."""
    return f"embedding::halfvec({dimension:d}) <=> $1::halfvec"
