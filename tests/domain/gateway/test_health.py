"""When a model is left alone, and when it is asked again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.gateway.health import (
    BUCKET,
    BUCKETS,
    FIRST_HANGING,
    LONGEST,
    LONGEST_TOLD,
    SILENT,
    SLOWEST,
    Lately,
    Window,
)
from domain.models.completion import Outcome

T = 1_800_000_000.0


def after(*outcomes: Outcome, lately: Lately | None = None, at: float = T, every: float = 0.0) -> Lately:
    lately = lately or Lately()
    for number, outcome in enumerate(outcomes):
        lately = lately.recorded(outcome, 100, at + number * every)
    return lately


def test_nothing_known_is_healthy() -> None:
    assert Lately().state(T) == "healthy"
    assert Window.of(Lately(), T).success_rate is None
    assert Window.of(Lately(), T).latency(0.5) is None


def test_more_than_half_of_five_calls_or_more_make_it_unhealthy() -> None:
    assert after("timeout", "timeout", "timeout", "timeout").state(T) == "healthy"
    assert after("ok", "ok", "ok", "timeout", "unavailable", "unavailable").state(T) == "healthy"
    sick = after("ok", "ok", "timeout", "unavailable", "unavailable")
    assert sick.state(T) == "unhealthy"
    assert sick.reason == "unavailable; 3 of 5 calls failed"
    assert (sick.since, sick.until) == (T, T + 0.5)


@pytest.mark.parametrize("outcome", ["rate_limited", "authentication", "not_found"])
def test_one_that_says_all_is_enough(outcome: Outcome) -> None:
    healthy = after(*["ok"] * 100)
    assert healthy.recorded(outcome, 5, T).state(T) == "unhealthy"


@pytest.mark.parametrize("outcome", sorted(SILENT))
def test_what_lies_in_the_request_or_the_caller_never_counts(outcome: Outcome) -> None:
    assert after(*[outcome] * 50) == Lately()
    probing = after("rate_limited")
    assert probing.recorded(outcome, 5, T + 1) == probing


def test_each_failed_probe_doubles_the_pause_up_to_the_longest_and_a_success_ends_it() -> None:
    lately, at, pauses = after("rate_limited"), T, [0.5]
    for _ in range(12):
        at = lately.until
        assert lately.state(at) == "probing"
        lately = lately.recorded("unavailable", 100, at)
        pauses.append(lately.until - at)
        assert lately.since == T
    assert pauses[:6] == [0.5, 1, 2, 4, 8, 8]
    assert set(pauses[5:]) == {LONGEST}
    back = lately.recorded("ok", 100, lately.until)
    assert back.state(lately.until) == "healthy"
    assert after("rate_limited", lately=back, at=at + 60).until == at + 60.5


def test_the_provider_may_ask_for_more_up_to_a_minute_and_never_for_less() -> None:
    for told, pause in ((5, 5), (600, LONGEST_TOLD), (0.01, 0.5), (-3, 0.5), (float("nan"), 0.5)):
        assert Lately().recorded("rate_limited", 1, T, told).until == T + pause
    # Told by a call that was under way when the pause had begun already:
    assert after("rate_limited").recorded("rate_limited", 1, T + 0.1, 20).until == T + 20.1
    assert after("rate_limited").recorded("rate_limited", 1, T + 0.1).until == T + 0.5


def test_a_call_that_was_begun_before_the_pause_does_not_end_it() -> None:
    assert after("rate_limited").recorded("ok", 900, T + 0.2).state(T + 0.2) == "unhealthy"


def test_what_failed_before_it_came_back_is_no_measure_any_more() -> None:
    sick = after(*["timeout"] * 10)
    back = sick.recorded("ok", 100, sick.until)
    assert after("timeout", "timeout", "timeout", lately=back, at=sick.until).state(sick.until) == "healthy"


def test_only_the_last_minute_counts() -> None:
    failed = after(*["unavailable"] * 4)
    later = T + BUCKET * BUCKETS
    assert Window.of(failed, T + 50).calls == 4
    assert Window.of(failed, later).calls == 0
    assert failed.recorded("unavailable", 1, later).state(later) == "healthy"
    assert len(after(*["ok"] * 1000, every=1.0).buckets) == BUCKETS


def test_one_that_hangs_is_known_by_five_calls_in_a_row_without_an_answer_whatever_went_well_before() -> None:
    busy = after(*["ok"] * 600, every=0.1)
    at = T + 60
    assert after(*["timeout"] * 4, lately=busy, at=at).state(at) == "healthy"
    assert after(*["timeout"] * 4, "ok", "timeout", lately=busy, at=at).state(at) == "healthy"
    hangs = after(*["timeout"] * 5, lately=busy, at=at)
    assert (hangs.state(at), hangs.until - at) == ("unhealthy", FIRST_HANGING)
    assert not hangs.limited
    still = hangs.recorded("timeout", 1, hangs.until)
    assert still.until - hangs.until == FIRST_HANGING
    assert still.recorded("ok", 100, still.until).state(still.until) == "healthy"
    # A customer an hour is enough to know it.
    assert after(*["timeout"] * 5, every=3600).state(T + 4 * 3600) == "unhealthy"


def test_a_call_is_overdue_when_it_takes_much_longer_than_calls_do() -> None:
    assert Lately().overdue(T) is None
    assert after(*["ok"] * 4, *["unavailable"] * 3).overdue(T) is None
    assert after(*["ok"] * 5).overdue(T) == SLOWEST
    slow = Lately()
    for _ in range(10):
        slow = slow.recorded("ok", 10_000, T)
    assert slow.overdue(T) == pytest.approx(40, rel=0.06)
    assert slow.overdue(T + 120) is None


@given(st.lists(st.floats(1, 120_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 1.0]))
def test_latencies_are_told_within_five_per_cent(latencies: list[float], share: float) -> None:
    lately = Lately()
    for latency in latencies:
        lately = lately.recorded("ok", latency, T)
    told = Window.of(lately, T).latency(share)
    assert told is not None
    exact = sorted(latencies)[max(0, -int(-share * len(latencies) // 1) - 1)]
    assert told == pytest.approx(exact, rel=0.055)


@given(st.lists(st.tuples(st.sampled_from(["ok", "timeout", "rate_limited", "cancelled"]), st.floats(0, 20))))
def test_it_is_never_left_alone_for_longer_than_it_may_be(calls: list[tuple[Outcome, float]]) -> None:
    lately, at = Lately(), T
    for outcome, pause in calls:
        at += pause
        before, lately = lately, lately.recorded(outcome, 10, at)
        assert lately.until <= max(before.until, at + LONGEST)
        window = Window.of(lately, at)
        assert 0 <= window.failed <= window.calls
    assert all(one.number < other.number for one, other in pairwise(lately.buckets))


def test_a_pause_says_whether_it_is_a_limit_of_the_providers_alone() -> None:
    assert after("ok").pause(T) is None
    limited = after("rate_limited").pause(T + 0.1)
    assert limited is not None
    assert (limited.limited, round(limited.seconds, 3)) == (True, 0.4)
    assert limited.reason.startswith("unhealthy for 0.4 s more: rate_limited")
    sick = after(*["timeout"] * 5).pause(T)
    assert sick is not None
    assert not sick.limited
    probed = after("unavailable", lately=after("rate_limited"), at=T + 1).pause(T + 1)
    assert probed is not None
    assert not probed.limited
    tried = after("rate_limited").pause(T + 1)
    assert tried is not None
    assert (tried.seconds, tried.reason) == (0, "it is being tried again: rate_limited; 1 of 1 calls failed")
