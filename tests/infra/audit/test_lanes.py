"""SHA-256 in lanes is the SHA-256 of hashlib, whatever the messages are."""

from __future__ import annotations

import random
import shutil
import sysconfig

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.merkle import one_by_one
from infra.audit import lanes

pytestmark = pytest.mark.skipif(
    not sysconfig.get_platform().startswith("linux-x86_64") or shutil.which("cc") is None,
    reason="this machine has no C compiler, or not the processor",
)


def in_lanes(messages: list[bytes]) -> list[bytes]:
    """Also on a processor for which hashlib is the faster one."""
    assert lanes.BUILT, (
        "tools/build_lanes.py has not compiled sha256_lanes.c: pip install --no-build-isolation -e ."
    )
    return lanes.sha256_lanes.digests(messages)


def test_all_sizes_around_the_ends_of_blocks() -> None:
    messages = [bytes(range(size % 256)) * 2 for size in range(260)] + [b"a" * size for size in range(700)]
    assert in_lanes(messages) == one_by_one(messages)


@given(st.lists(st.binary(max_size=300), max_size=70))
def test_any_number_of_any_messages(messages: list[bytes]) -> None:
    assert in_lanes(messages) == one_by_one(messages)


def test_long_messages_beside_short_ones() -> None:
    chance = random.Random(20261122)
    messages = [chance.randbytes(chance.choice((0, 33, 65, 200, 3_000, 200_000))) for _ in range(300)]
    assert in_lanes(messages) == one_by_one(messages)


def test_what_is_not_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="message 1 is not bytes"):
        in_lanes([b"", "text"])  # type: ignore[list-item]  # as it must not be
    with pytest.raises(TypeError, match="not iterable"):
        in_lanes(7)  # type: ignore[arg-type]  # as it must not be
