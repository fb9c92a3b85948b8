"""PostgreSQL's binary arrays, packed by hand: a third of the CPU that psycopg's list dumpers take.

Layout (src/backend/utils/adt/arrayfuncs.c, array_send): dimensions i32, has-null flag i32, element type i32,
then per dimension its length and lower bound, then per element its length (-1: NULL) and its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import Struct, iter_unpack, pack, unpack_from

HEADER = Struct(">iiiii")
LENGTH = Struct(">i")
NULL = b"\xff\xff\xff\xff"
SIXTEEN = LENGTH.pack(16)
_MICROSECONDS_2000 = 946_684_800_000_000


# oids of the element types, from pg_type.dat
BYTEA, INT8, INT2, INT4, TEXT, TIMESTAMPTZ, UUID = 17, 20, 21, 23, 25, 1184, 2950


def _array(element: int, count: int, elements: bytes) -> bytes:
    if not count:
        return pack(">iii", 0, 0, element)
    return HEADER.pack(1, 1, element, count, 1) + elements


def uuids(values: Sequence[bytes | None]) -> bytes:
    """uuid[] from 16-byte values."""
    return _array(UUID, len(values), b"".join([NULL if v is None else SIXTEEN + v for v in values]))


def texts(values: Sequence[str | None]) -> bytes:
    """text[]."""
    return _variable(TEXT, [None if value is None else value.encode() for value in values])


def blobs(values: Sequence[bytes | None]) -> bytes:
    """bytea[]."""
    return _variable(BYTEA, values)


def ints(values: Sequence[int]) -> bytes:
    """integer[]."""
    return _array(INT4, len(values), pack(f">{'ii' * len(values)}", *_with_length(4, values)))


def bigints(values: Sequence[int]) -> bytes:
    """bigint[]."""
    return _array(INT8, len(values), pack(f">{'iq' * len(values)}", *_with_length(8, values)))


def times(values: Sequence[int | None]) -> bytes:
    """timestamptz[] from microseconds since 1970 UTC."""
    elements = [NULL if v is None else pack(">iq", 8, v - _MICROSECONDS_2000) for v in values]
    return _array(TIMESTAMPTZ, len(values), b"".join(elements))


def _variable(element: int, values: Sequence[bytes | None]) -> bytes:
    parts = []
    for value in values:
        if value is None:
            parts.append(NULL)
        else:
            parts.append(LENGTH.pack(len(value)))
            parts.append(value)
    return _array(element, len(values), b"".join(parts))


def _with_length(length: int, values: Sequence[int]) -> Iterable[int]:
    for value in values:
        yield length
        yield value


def integers(value: bytes | None) -> list[int]:
    """smallint[], integer[] or bigint[] without NULLs, read back; NULL gives an empty list."""
    if value is None or len(value) < HEADER.size:
        return []
    (element,) = unpack_from(">i", value, 8)
    form = {INT2: ">ih", INT4: ">ii", INT8: ">iq"}[element]
    return [number for _, number in iter_unpack(form, value[HEADER.size :])]


def sixteens(value: bytes | None) -> frozenset[bytes]:
    """uuid[] without NULLs, read back; NULL gives none."""
    if value is None or len(value) < HEADER.size:
        return frozenset()
    return frozenset(value[start : start + 16] for start in range(HEADER.size + 4, len(value), 20))
