"""The reader of event streams does as the standard says, wherever the network cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.providers import server_events
from infra.providers.server_events import ServerEvent, ServerEvents
from tests.infra.providers.event_streams import by_the_standard, random_stream, read_in_pieces


@pytest.mark.parametrize("start", range(0, 1000, 100))
def test_random_streams_cut_at_random_bytes_are_read_as_by_the_standard(start: int) -> None:
    for seed in range(start, start + 100):
        stream = random_stream(seed)
        assert read_in_pieces(stream, seed) == by_the_standard(stream), f"seed {seed}: {stream!r}"


@given(st.binary(max_size=60), st.integers(0, 2**32))
def test_any_bytes_at_all_are_read_as_by_the_standard(stream: bytes, seed: int) -> None:
    assert read_in_pieces(stream, seed) == by_the_standard(stream)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [(b"a", b"")]),
        (b"data:a\r\rdata: b\r\n\r\n", [(b"a", b""), (b"b", b"")]),
        (b"data: a\ndata: b\ndata\n\n", [(b"a\nb\n", b"")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [(b"a", b"error"), (b"b", b"")]),
        (b": wait\n\nid: 1\nretry: 10\n\ndata: a\n\n", [(b"a", b"")]),
        (b"\xef\xbb\xbfdata:  a\n\n", [(b" a", b"")]),
        (b"data: \xf0\x9f\n\n", [("\ufffd".encode(), b"")]),
        (b"data: \xe2\x80\xa8\n\n", [("\u2028".encode(), b"")]),
    ],
)
def test_each_form_of_an_event_is_read(stream: bytes, events: list[tuple[bytes, bytes]]) -> None:
    expected = [ServerEvent(*event) for event in events]
    assert by_the_standard(stream) == expected
    assert ServerEvents().feed(stream) == expected
    bit_by_bit = ServerEvents()
    assert [event for at in range(len(stream)) for event in bit_by_bit.feed(stream[at : at + 1])] == expected


def test_an_event_is_there_as_soon_as_its_line_ends_also_by_a_mere_cr() -> None:
    reader = ServerEvents()
    assert reader.feed(b"data: a\r\r") == [ServerEvent(b"a")]
    assert reader.feed(b"\ndata: b\n\n") == [ServerEvent(b"b")]


@pytest.mark.parametrize("rest", [b"data: a", b"data: a\n", b"data: a\r"])
def test_what_stands_there_without_a_blank_line_is_told_apart(rest: bytes) -> None:
    reader = ServerEvents()
    assert reader.feed(b"data: first\n\n" + rest) == [ServerEvent(b"first")]
    assert reader.end() == ServerEvent(b"a")
    assert ServerEvents().end() is None


@pytest.mark.parametrize("bytes", [b"x", b"data: x\n"])
def test_a_line_and_an_event_have_an_end(monkeypatch: pytest.MonkeyPatch, bytes: bytes) -> None:
    monkeypatch.setattr(server_events, "LONGEST", 1000)
    reader = ServerEvents()
    for _ in range(100):
        assert reader.feed(bytes) == []
    with pytest.raises(ValueError, match="does not end"):
        reader.feed(bytes * 1000)
