"""Vectors as servers give them, checked and made unit vectors. What can't be told to be a text's vector is none."""

from __future__ import annotations

import base64
import binascii
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from application.ports import ProviderError

Vector = NDArray[np.float64]


def placed(vectors: Sequence[Any], indexes: Sequence[Any], count: int) -> list[Any]:
    """In the order of the texts. Servers give them in any order, with an index each, and some fewer than there are texts.

    Without an index all of them must be there; with one that is given twice, or lies beyond the texts, nothing is sure.
    """
    nothing: list[Any] = [None] * count
    if all(index is None for index in indexes):
        return list(vectors) if len(vectors) == count else nothing
    known = [index for index in indexes if type(index) is int and 0 <= index < count]
    if len(known) < len(indexes) or len(set(known)) < len(known):
        return nothing
    for index, vector in zip(known, vectors, strict=True):
        nothing[index] = vector
    return nothing


def unit_vectors(given: Sequence[Any], dimension: int | None) -> list[array[float] | None]:
    """Of length 1, as 32-bit floats, from lists of numbers or base64 of 32-bit floats (little-endian). Raises ProviderError for what is no vector, and for
    another dimension than was asked for, or than the others have."""
    read = [None if each is None else _read(each) for each in given]
    sizes = {len(each) for each in read if each is not None}
    if dimension is not None and sizes - {dimension}:
        found = min(sizes - {dimension})
        raise ProviderError(
            "incomplete",
            f"the server gives vectors of {found} dimensions, not of {dimension}; it may not be able to shorten them",
        )
    if len(sizes) > 1 or 0 in sizes:
        raise ProviderError("incomplete", "the server's vectors are not of one dimension")
    return [None if each is None else _unit(each) for each in read]


def _read(given: Any) -> Vector:
    try:
        if isinstance(given, str):
            return np.frombuffer(base64.b64decode(given, validate=True), dtype="<f4").astype(np.float64)
        vector = np.asarray(given, dtype=np.float64)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise ProviderError("unavailable", "the server's vectors can't be read") from None
    if vector.ndim != 1:
        raise ProviderError("unavailable", "the server's vectors can't be read")
    return vector


def _unit(vector: Vector) -> array[float]:
    if not np.isfinite(vector).all():
        raise ProviderError("incomplete", "the server's vectors hold what is no number")
    largest = float(np.abs(vector).max())
    if largest == 0:  # of a text without meaning
        return _floats(vector)
    scaled = vector / largest
    return _floats(scaled / np.linalg.norm(scaled))


def _floats(vector: Vector) -> array[float]:
    return array("f", vector.astype(np.float32).tobytes())
