"""Endpoints of webhooks: which events they are told, what is refused, when they are given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.base.errors import Invalid, NotFound, Refused
from domain.kinds import TOPICS
from domain.webhooks.retries import LONGEST_ASKED, TRIES, WAITS, wait
from domain.webhooks.webhooks import KEPT, MOST, OVERLAP, Webhooks

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECRET, OTHER = b"s" * 32, b"o" * 32
URL = "https://shop.example.com/hooks"


def begun(*kinds: str, url: str = URL) -> tuple[Webhooks, UUID]:
    webhooks, id = Webhooks.begin(uuid4(), NOW), uuid4()
    add(webhooks, id, *kinds or ("conversation.answered",), url=url)
    return webhooks, id


def add(webhooks: Webhooks, id: UUID, *kinds: str, url: str = URL) -> None:
    facts = {"description": "", "secret": SECRET, "since": 7, "known": TOPICS, "at": NOW}
    webhooks.add(id, url=url, kinds=kinds, **facts)  # type: ignore[arg-type]


def test_an_endpoint_is_told_the_kinds_that_it_names_and_those_that_begin_so() -> None:
    webhooks, id = begun("document.*", "conversation.answered")
    topics = webhooks.endpoint(id).topics(TOPICS)
    assert "conversation.answered" in topics
    assert {topic for topic in TOPICS if topic.startswith("document.")} < set(topics)
    assert all(topic.startswith(("document.", "conversation.answered")) for topic in topics)


@pytest.mark.parametrize(
    "kind", ["conversation.sung", "conversation", "*", "conversation.answered.*", "webhooks.*"]
)
def test_kinds_that_there_are_not_and_its_own_are_refused(kind: str) -> None:
    with pytest.raises(Invalid, match="no kind of event"):
        begun(kind)


@pytest.mark.parametrize(
    "url",
    [
        "shop.example.com",
        "ftp://shop.example.com",
        "https://",
        "https://a:b@shop.example.com",
        "https://x/#f",
        "https://x:0/",
        "https://x/a b",
        "https://straße.example",
        "https://x/" + "a" * 1000,
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        begun(url=url)


def test_for_a_day_after_a_rotation_both_secrets_sign() -> None:
    webhooks, id = begun()
    webhooks.rotate(id, OTHER, NOW)
    endpoint = webhooks.endpoint(id)
    assert endpoint.secrets(NOW + OVERLAP - timedelta(seconds=1)) == [OTHER, SECRET]
    assert endpoint.secrets(NOW + OVERLAP) == [OTHER]
    for event in webhooks.pending_events:
        assert "ssss" not in repr(event)
        assert "oooo" not in repr(event)
    assert "oooo" not in repr(webhooks.state)


def test_the_last_dead_letters_are_kept_and_a_removed_endpoint_is_gone() -> None:
    webhooks, id = begun()
    for position in range(1, KEPT + 11):
        webhooks.give_up(
            id, position, kind="conversation.answered", tries=10, reason="it answered 500", at=NOW
        )
    assert [letter.position for letter in webhooks.endpoint(id).dead] == [*range(11, KEPT + 11)]
    webhooks.remove(id, NOW)
    with pytest.raises(NotFound):
        webhooks.endpoint(id)


def test_there_are_so_many_endpoints_and_no_more() -> None:
    webhooks, _ = begun()
    for _ in range(MOST - 1):
        add(webhooks, uuid4(), "conversation.*")
    with pytest.raises(Refused, match="remove one"):
        add(webhooks, uuid4(), "conversation.*")


def test_what_is_not_changed_is_no_event() -> None:
    webhooks, id = begun()
    before = len(webhooks.pending_events)
    webhooks.change(
        id, url=URL, kinds=["conversation.answered"], description="", since=9, known=TOPICS, at=NOW
    )
    webhooks.enable(id, NOW)
    assert len(webhooks.pending_events) == before
    for first, last in ((0, 1), (5, 4)):
        with pytest.raises(Invalid):
            webhooks.replay_range(id, first, last, NOW)


def test_tries_grow_apart_and_end() -> None:
    pauses = [wait(tries, None, 0.5) for tries in range(1, TRIES)]
    assert [pause.total_seconds() for pause in pauses if pause] == pytest.approx(WAITS)
    assert wait(TRIES, None, 0.5) is None
    assert wait(1, timedelta(minutes=3), 0.5) == timedelta(minutes=3)
    assert wait(1, timedelta(days=3), 0.5) == LONGEST_ASKED
    spread = {wait(3, None, jitter / 10) for jitter in range(10)}
    assert len(spread) == 10


def test_of_kinds_that_are_added_later_the_past_is_not_told() -> None:
    webhooks, id = begun("conversation.answered")
    kinds = ["conversation.*", "conversation.answered"]
    webhooks.change(id, url=URL, kinds=kinds, description="", since=40, known=TOPICS, at=NOW)
    endpoint = webhooks.endpoint(id)
    assert endpoint.tells("conversation.answered", 8)
    assert not endpoint.tells("conversation.closed", 40)
    assert endpoint.tells("conversation.closed", 41)
    webhooks.change(id, url=URL, kinds=["conversation.*"], description="", since=60, known=TOPICS, at=NOW)
    assert endpoint.tells("conversation.closed", 41)


def test_a_disabled_one_is_told_nothing_again() -> None:
    webhooks, id = begun()
    webhooks.disable(id, "by hand", NOW)
    with pytest.raises(Refused, match="enable it"):
        webhooks.replay_range(id, 1, 2, NOW)
