"""Memoization of pure functions of a text, under the text's digest: the text itself is not kept, so none outlives its document here."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class _Key:
    """Equal to another one by the digest. The text is there while the result is made."""

    __slots__ = ("digest", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.digest == self.digest


def kept(size: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Of the last `size` texts. The result must say no more of a text than may stay in memory: figures and places, no words."""

    def decorate(function: Callable[[str], T]) -> Callable[[str], T]:
        known = lru_cache(size)(lambda key: function(key.text))

        @wraps(function)
        def call(text: str) -> T:
            key = _Key(text)
            try:
                return known(key)
            finally:
                key.text = ""

        return call

    return decorate
