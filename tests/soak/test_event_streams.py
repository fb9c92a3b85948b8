"""The reader of event streams against the standard's own parser, on more streams than the suite has time for."""

from __future__ import annotations

import pytest

from tests.infra.providers.event_streams import by_the_standard, random_stream, read_in_pieces

pytestmark = pytest.mark.soak
STREAMS = 10_000


def test_random_streams_cut_at_random_bytes_are_read_as_by_the_standard(share: float, seed: int) -> None:
    events, streams = 0, round(STREAMS * share)
    for number in range(seed * STREAMS, seed * STREAMS + streams):
        stream = random_stream(number)
        expected = by_the_standard(stream)
        events += len(expected)
        assert read_in_pieces(stream, number) == expected, f"{number}: {stream!r}"
    assert events > streams, "the streams say something"
    print(f"{streams} streams with {events} events, all read alike")
