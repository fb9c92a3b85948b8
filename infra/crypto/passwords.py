"""Passwords by argon2id (RFC 9106, its second recommended option: 3 passes, 64 MiB, 4 lanes). Implements `application.ports.Passwords`.

A hash takes a tenth of a second and its memory: so it is made in threads of its own, two at once, and who would wait behind many
others is told to come again.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from application.ports import Unavailable

T = TypeVar("T")
COST = RFC_9106_LOW_MEMORY
AT_ONCE = 2
WAITING = 40
"""Passwords in hand, those that wait for their turn included: some seconds' worth."""


class Argon2Passwords:
    """One a process."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(COST)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._in_hand = 0
        self._nobodys = _hash_of_nothing()

    async def hash(self, password: str) -> bytes:
        return (await self._run(lambda: self._hasher.hash(_same(password)))).encode()

    async def fits(self, known: bytes, password: str) -> bool:
        text = known.decode() if known else self._nobodys

        def check() -> bool:
            try:
                return self._hasher.verify(text, _same(password))
            except (VerificationError, InvalidHashError):
                return False

        return await self._run(check) and bool(known)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, do: Callable[[], T]) -> T:
        if self._in_hand >= WAITING:
            raise Unavailable("many people sign in at the moment; try again soon")
        self._in_hand += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, do)
        finally:
            self._in_hand -= 1


def _same(password: str) -> bytes:
    """However a keyboard composes its letters (RFC 8265, section 4.2, of which this is the part that changes no character)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _hash_of_nothing() -> str:
    """A hash that no password fits, of the same cost: random bytes in its form."""
    p = COST
    salt, digest = (
        base64.b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (p.salt_len, p.hash_len)
    )
    return f"$argon2id$v={p.version}$m={p.memory_cost},t={p.time_cost},p={p.parallelism}${salt}${digest}"
