"""pgvector's `halfvec` as a parameter, in its binary form: a tenth of the CPU that its text takes.

Layout (halfvec_send): dimensions i16, unused i16, then an IEEE 754 half for each. https://github.com/pgvector/pgvector
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack, unpack_from

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format


class HalfVector(bytes):
    """Of so many values."""

    def __new__(cls, values: Sequence[float]) -> HalfVector:
        return super().__new__(cls, pack(f">hh{len(values)}e", len(values), 0, *values))

    @staticmethod
    def values(data: bytes) -> tuple[float, ...]:
        """What it was made of, as near as a half comes to it."""
        return unpack_from(f">{len(data) // 2 - 2}e", data, 4)


class _AsItIs(Dumper):
    """The server infers the type, whose number is each database's own."""

    format, oid = Format.BINARY, 0

    def dump(self, obj: bytes) -> bytes:
        return obj


psycopg.adapters.register_dumper(HalfVector, _AsItIs)
