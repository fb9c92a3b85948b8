"""Whole arrays as parameters of psycopg's statements, packed by hand (see infra/log/packing.py) rather than by its list dumpers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

from infra.log import packing


class Uuids(bytes):
    """uuid[]"""


class Texts(bytes):
    """text[]"""


class BigInts(bytes):
    """bigint[]"""


def uuids(values: Sequence[UUID]) -> Uuids:
    return Uuids(packing.uuids([value.bytes for value in values]))


def texts(values: Sequence[str]) -> Texts:
    return Texts(packing.texts(values))


def bigints(values: Sequence[int]) -> BigInts:
    return BigInts(packing.bigints(values))


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


# psycopg chooses the dumper by class and the dumper names the type. These classes are ours alone, so all connections may know them.
for _class, _array_oid in ((Uuids, 2951), (Texts, 1009), (BigInts, 1016)):
    psycopg.adapters.register_dumper(
        _class, type(f"{_class.__name__}Dumper", (_PackedDumper,), {"oid": _array_oid})
    )
