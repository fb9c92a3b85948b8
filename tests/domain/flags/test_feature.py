from __future__ import annotations

import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import NotFound
from domain.flags.feature import FEATURES, bucket_of, feature_of
from domain.flags.flag import FlagsState, Setting

SUBJECTS = st.text(max_size=60)
FLAGS = st.sampled_from(sorted(FEATURES))


@pytest.mark.parametrize(
    ("text", "seed", "hash"),
    [
        ("", 0, 0),
        ("", 1, 0x514E28B7),
        ("", 0xFFFFFFFF, 0x81F16F39),
        ("hello", 0, 0x248BFA47),
        ("hello, world", 0, 0x149BBB7F),
        ("The quick brown fox jumps over the lazy dog.", 0, 0xD5C48BFC),
        ("ππππππππ", 0x9747B28C, 0xD58063C1),
    ],
)
def test_the_hash_is_murmur3_32(text: str, seed: int, hash: int) -> None:
    assert mmh3.hash(text.encode(), seed, signed=False) == hash


def test_buckets_are_those_of_unleash() -> None:
    assert bucket_of("gr1", "123") == 73
    assert bucket_of("groupX", "999") == 25


@given(FLAGS, SUBJECTS, st.integers(0, 100), st.integers(0, 100))
def test_whoever_is_in_stays_in_as_the_percentage_grows(flag: str, subject: str, one: int, two: int) -> None:
    low, high = (
        FlagsState(settings={flag: Setting(percentage=share)}).enabled(flag, subject)
        for share in sorted((one, two))
    )
    assert high or not low


@given(FLAGS, SUBJECTS)
def test_zero_is_nobody_a_hundred_is_everybody_and_off_is_off(flag: str, subject: str) -> None:
    def enabled(on: bool, percentage: int) -> bool:
        return FlagsState(settings={flag: Setting(on=on, percentage=percentage)}).enabled(flag, subject)

    assert (enabled(True, 0), enabled(True, 100), enabled(False, 100)) == (False, True, False)


def test_a_percentage_is_that_part_of_the_subjects() -> None:
    among = [bucket_of("full_agent", f"customer-{n}") for n in range(20_000)]
    for share in (1, 10, 50, 90):
        assert abs(sum(bucket <= share for bucket in among) / 20_000 - share / 100) < 0.01
    assert (min(among), max(among)) == (1, 100)


def test_flags_are_split_apart_from_each_other() -> None:
    both = sum(
        bucket_of("routing", f"c{n}") <= 50 and bucket_of("full_agent", f"c{n}") <= 50 for n in range(20_000)
    )
    assert abs(both / 20_000 - 0.25) < 0.015


def test_an_unknown_flag_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(NotFound, match="full_agent"):
        feature_of("full_agnt")
