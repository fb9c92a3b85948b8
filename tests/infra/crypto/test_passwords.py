"""Passwords are hashed by argon2id, away from the loop, a few at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from argon2.profiles import RFC_9106_LOW_MEMORY

from application.ports import Unavailable
from infra.crypto import passwords as module
from infra.crypto.passwords import Argon2Passwords


@pytest.fixture(name="passwords")
def _passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[Argon2Passwords]:
    """As it is, not as it is in other tests."""
    monkeypatch.setattr(module, "COST", RFC_9106_LOW_MEMORY)
    made = Argon2Passwords()
    yield made
    made.close()


async def test_a_hash_says_its_parameters_and_fits_its_password_only(passwords: Argon2Passwords) -> None:
    first, second = await passwords.hash("four words that stay"), await passwords.hash("four words that stay")
    assert first.startswith(b"$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert await passwords.fits(first, "four words that stay")
    assert not await passwords.fits(first, "four words that go")


async def test_a_letter_is_the_same_however_it_is_composed(passwords: Argon2Passwords) -> None:
    known = await passwords.hash("ren\u00e9 ren\u00e9 ren\u00e9")
    assert await passwords.fits(known, "rene\u0301 rene\u0301 rene\u0301")
    assert not await passwords.fits(known, "\ud800 not utf-8")


async def test_where_there_is_no_hash_as_much_is_done_to_say_so(
    passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody learns by the time whether there is an account."""
    checked: list[str] = []
    verify = passwords._hasher.verify

    class Seen:
        def verify(self, known: str, password: bytes) -> bool:
            checked.append(known)
            return verify(known, password)

    monkeypatch.setattr(passwords, "_hasher", Seen())
    assert not await passwords.fits(b"", "four words that stay")
    (nobodys,) = checked
    assert nobodys.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not await passwords.fits(b"no hash at all", "four words that stay")


async def test_who_would_wait_behind_many_is_told_to_come_again(
    passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING", 2)
    found = await asyncio.gather(*(passwords.hash("four words") for _ in range(4)), return_exceptions=True)
    assert [isinstance(each, Unavailable) for each in found] == [False, False, True, True]
    assert await passwords.hash("four words")
