from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID, uuid4

import msgspec
import pytest

from application.budgets.pool import ReservationPool
from application.gateway import complete as completing
from application.gateway.complete import complete
from application.gateway.providers import Providers
from application.gateway.route import Route
from application.gateway.run import Asked, Run
from application.ports import Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.budgets.budget import Budget, BudgetExhausted, BudgetLimits, OnHard
from domain.budgets.reservation import Reservation
from domain.gateway.decision import Routing
from domain.models.catalogue import Catalogue, Model
from domain.models.completion import Completion, CompletionRequest, Outcome, Turn
from domain.models.pricing import Price
from tests.application.played import PlayedHealth, PlayedPorts, Scripted, played
from tests.until import until

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PRICE = Price(provider="a", model="served", input=Decimal(1), output=Decimal(2), since=NOW)


class Bare:
    """A log without anything in it, no catalogue of its own; a budget where the tenant is limited."""

    def __init__(self, limited: bool) -> None:
        self.limited = limited

    async def latest(self, kind: Any, id: UUID, *, tenant: UUID) -> Any:
        if kind is not Budget or not self.limited:
            raise NotFound
        budget = Budget.begin(tenant, NOW)
        budget.set(BudgetLimits(day=Decimal(10)), NOW)
        return budget


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completing.random, "uniform", lambda low, high: 0.01)


async def run(
    *models: str,
    providers: Providers,
    ran: Run | None = None,
    said: list[str] | None = None,
    degraded: str | None = None,
    pool: ReservationPool | None = None,
    budgeted: bool = False,
    **facts: Any,
) -> tuple[Completion | None, Run]:
    ran = ran or Run()
    request = CompletionRequest(
        model="", prompt=(Turn(role="user", text=facts.pop("text", "q")),), questions=("q",), max_tokens=10
    )
    asked = Asked(
        interaction=uuid4(),
        route=Route(
            routing=Routing(model=models[0], reason="r"), models=models, degraded=degraded or models[-1]
        ),
        request=request,
        catalogue=providers.catalogue,
        limits=BudgetLimits(),
        **facts,
    )

    async def deliver(piece: str) -> None:
        assert said is not None
        said.append(piece)

    ran.begin(asked)
    completion = await complete(
        asked,
        ran,
        Context(tenant=uuid4(), actor="key:t", correlation=uuid4()),
        PlayedPorts(
            store=cast(Store, Bare(budgeted)), providers=providers, clock=lambda: NOW, reservation_pool=pool
        ),
        deliver if said is not None else None,
    )
    return completion, ran


def outcomes(ran: Run) -> list[tuple[str, Outcome]]:
    return [(attempt.provider, attempt.outcome) for attempt in ran.attempts]


async def test_the_served_model_is_priced_exactly() -> None:
    catalogue = Catalogue({}, {"a/served": [PRICE]})
    completion, ran = await run("a/asked", providers=played(Scripted("a", "ok"), catalogue=catalogue))
    assert completion is not None
    (attempt,) = ran.attempts
    assert (attempt.model, attempt.served, attempt.cost, attempt.price) == (
        "asked",
        "served",
        Decimal(2),
        "a/served@2026-11-21",
    )


async def test_a_provider_is_told_what_the_tenants_catalogue_says_of_its_model() -> None:
    own = Model(provider="a", name="m", context_window=1000, abilities=frozenset({"reasoning"}))
    first, second = Scripted("a", "bad_request"), Scripted("b", "ok")
    await run("a/m", "b/unheard-of", providers=played(first, second, catalogue=Catalogue({own.id: own}, {})))
    assert first.asked[0].abilities == {"reasoning"}
    assert second.asked[0].abilities is None


@pytest.mark.parametrize("outcome", ["rate_limited", "timeout", "unavailable"])
async def test_what_may_pass_is_tried_again_where_no_other_model_is_left(outcome: Outcome) -> None:
    completion, ran = await run("a/m", providers=played(Scripted("a", outcome, outcome, "ok")))
    assert completion is not None
    assert outcomes(ran) == [("a", outcome), ("a", outcome), ("a", "ok")]


@pytest.mark.parametrize("outcome", ["rate_limited", "timeout", "unavailable"])
async def test_another_model_is_asked_at_once_instead_of_waiting(outcome: Outcome) -> None:
    providers = played(Scripted("a", outcome, retry_after=60), Scripted("b", "ok"))
    async with asyncio.timeout(50):
        completion, ran = await run("a/m", "b/m", providers=providers)
    assert completion is not None
    assert outcomes(ran) == [("a", outcome), ("b", "ok")]


@pytest.mark.parametrize(
    "outcome", ["authentication", "bad_request", "refused", "context_too_long", "not_found"]
)
async def test_what_stays_is_not_tried_again_but_the_next_model_is(outcome: Outcome) -> None:
    completion, ran = await run("a/m", "b/m", providers=played(Scripted("a", outcome), Scripted("b", "ok")))
    assert completion is not None
    assert outcomes(ran) == [("a", outcome), ("b", "ok")]


async def test_the_local_provider_is_the_last_resort_where_one_is_wanted() -> None:
    providers = played(Scripted("a", "bad_request"), Scripted("local", "ok"))
    completion, ran = await run("a/m", "nowhere/m", providers=providers)
    assert completion is not None
    assert outcomes(ran) == [("a", "bad_request"), ("local", "ok")]
    assert [each.model for each in ran.passed_over] == ["nowhere/m"]
    completion, ran = await run("a/m", providers=providers, last_resort=False)
    assert completion is None
    assert outcomes(ran) == [("a", "bad_request")]


async def test_a_wait_beyond_the_deadline_is_not_waited_for() -> None:
    providers = played(Scripted("a", "rate_limited", retry_after=60), Scripted("local", "ok"))
    completion, ran = await run("a/m", providers=providers)
    assert completion is not None
    assert len(ran.attempts) == 2


async def test_when_all_fail_every_attempt_is_told() -> None:
    completion, ran = await run("a/m", providers=played(Scripted("a", "bad_request")))
    assert completion is None
    assert outcomes(ran) == [("a", "bad_request")]
    assert ran.failure() == "x"


async def test_what_is_retired_too_small_or_sick_is_passed_over_with_the_reason() -> None:
    old = Model(
        provider="a", name="old", context_window=100, retires_at=NOW - timedelta(days=1), successor="a/n"
    )
    small = Model(provider="a", name="small", context_window=20)
    catalogue = Catalogue({"a/old": old, "a/small": small}, {})
    health = PlayedHealth(sick={"b/m": "unhealthy since 10:00"})
    a, b, c = Scripted("a", "ok"), Scripted("b", "ok"), Scripted("c", "ok")
    providers = played(a, b, c, catalogue=catalogue, health=health)
    completion, ran = await run("a/old", "a/small", "b/m", "c/m", providers=providers, text="word " * 20)
    assert completion is not None
    assert outcomes(ran) == [("c", "ok")]
    assert [(each.model, each.reason.split()[0]) for each in ran.passed_over] == [
        ("a/old", "the"),
        ("a/small", "28"),
        ("b/m", "unhealthy"),
    ]
    assert [each.cause for each in ran.passed_over] == ["missing", "no_room", "unhealthy"]
    assert health.recorded == [("c/m", "ok")]


def limited(*models: str) -> PlayedHealth:
    return PlayedHealth(sick=dict.fromkeys(models, "unhealthy for 9 s more"), limited=set(models))


async def test_who_has_no_other_model_asks_one_whose_provider_has_set_a_limit() -> None:
    providers = played(Scripted("a", "ok"), health=limited("a/m"))
    completion, ran = await run("a/m", providers=providers)
    assert completion is not None
    assert (outcomes(ran), ran.passed_over) == ([("a", "ok")], [])


async def test_one_with_a_limit_is_asked_after_all_others_and_before_the_last_resort() -> None:
    a, b, local = Scripted("a", "ok"), Scripted("b", "unavailable"), Scripted("local", "ok")
    providers = played(a, b, local, health=limited("a/m"))
    async with asyncio.timeout(50):
        completion, ran = await run("a/m", "b/m", providers=providers)
    assert completion is not None
    assert outcomes(ran) == [("b", "unavailable"), ("a", "ok")]
    assert [each.model for each in ran.passed_over] == ["a/m"]
    health = limited("a/m")
    health.sick["b/m"] = "unhealthy"
    completion, ran = await run("a/m", "b/m", providers=played(a, b, local, health=health))
    assert outcomes(ran) == [("a", "ok")]


def refusing(monkeypatch: pytest.MonkeyPatch, on_hard: OnHard) -> Catalogue:
    """The budget has no room for b/m, the only one that has a price."""

    async def refused(*values: Any, **more: Any) -> None:
        raise BudgetExhausted("gone", period="2026-11", limit=Decimal(1), until=NOW, on_hard=on_hard)

    monkeypatch.setattr(completing, "reserve", refused)
    return Catalogue({}, {"b/m": [msgspec.structs.replace(PRICE, provider="b", model="m")]})


@pytest.mark.parametrize(("on_hard", "asked"), [("degrade", [("a", "ok")]), ("stop", [])])
async def test_the_cheapest_one_is_asked_after_a_refusal_though_its_provider_has_set_a_limit(
    monkeypatch: pytest.MonkeyPatch, on_hard: OnHard, asked: list[tuple[str, Outcome]]
) -> None:
    providers = played(
        Scripted("a", "ok"),
        Scripted("b", "ok"),
        Scripted("c", "ok"),
        catalogue=refusing(monkeypatch, on_hard),
        health=limited("a/m", "c/m"),
    )
    completion, ran = await run("c/m", "a/m", "b/m", providers=providers, degraded="a/m", budgeted=True)
    assert (completion is not None) == bool(asked)
    assert outcomes(ran) == asked


async def test_a_model_is_tried_again_where_the_others_can_not_be_asked() -> None:
    local, health = Scripted("local", "ok"), PlayedHealth(sick={"b/m": "unhealthy"})
    others = Scripted("b", "ok"), local
    for outcome in ("unavailable", "timeout", "rate_limited"):
        providers = played(Scripted("a", outcome, outcome, "ok"), *others, health=health)
        completion, ran = await run("a/m", "b/m", "nowhere/m", providers=providers, budgeted=True)
        assert completion is not None
        assert outcomes(ran) == [("a", outcome), ("a", outcome), ("a", "ok")]
        assert [each.model for each in ran.passed_over] == ["b/m", "nowhere/m"]
    completion, ran = await run(
        "a/m", "b/m", providers=played(Scripted("a", "unavailable"), *others, health=health)
    )
    assert outcomes(ran) == [("a", "unavailable")] * 3 + [("local", "ok")]
    completion, ran = await run(
        "a/m", "b/m", providers=played(Scripted("a", "bad_request"), *others, health=health)
    )
    assert outcomes(ran) == [("a", "bad_request"), ("local", "ok")]


async def test_one_that_failed_is_not_tried_again_once_another_was_asked() -> None:
    health = PlayedHealth(sick={"c/m": "unhealthy"})
    a, b, c = Scripted("a", "unavailable"), Scripted("b", "bad_request"), Scripted("c", "ok")
    completion, ran = await run("a/m", "b/m", "c/m", providers=played(a, b, c, health=health))
    assert completion is None
    assert outcomes(ran) == [("a", "unavailable"), ("b", "bad_request")]


@pytest.mark.parametrize(
    ("on_hard", "degraded", "tries"), [("degrade", "a/m", 2), ("degrade", "b/m", 1), ("stop", "a/m", 1)]
)
async def test_after_a_refusal_only_the_cheapest_one_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, on_hard: OnHard, degraded: str, tries: int
) -> None:
    catalogue = refusing(monkeypatch, on_hard)
    providers = played(Scripted("a", "unavailable", "ok"), Scripted("b", "ok"), catalogue=catalogue)
    _, ran = await run("a/m", "b/m", providers=providers, degraded=degraded, budgeted=True)
    assert outcomes(ran) == [("a", "unavailable"), ("a", "ok")][:tries]


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_model_that_hung_is_passed_over_when_the_answer_begins_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(completing, "ATTEMPT", 0.05)
    a, b = Scripted("a", "ok", meanwhile=for_ever), Scripted("b", "ok")
    providers, ran = played(a, b), Run()
    await run("a/m", "b/m", providers=providers, ran=ran)
    assert outcomes(ran) == [("a", "timeout"), ("b", "ok")]
    completion, _ = await run("a/m", "b/m", providers=providers, ran=ran)
    assert completion is not None
    assert outcomes(ran) == [("a", "timeout"), ("b", "ok"), ("b", "ok")]
    assert [(each.model, each.cause) for each in ran.passed_over] == [("a/m", "unhealthy")]


async def test_the_deadline_is_of_all_attempts_however_often_the_answer_begins_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(completing, "DEADLINE", 0.0)
    a, local = Scripted("a", "unavailable"), Scripted("local", "ok")
    providers, ran = played(a, local), Run()
    await run("a/m", providers=providers, ran=ran)
    monkeypatch.setattr(completing, "DEADLINE", 60.0)
    completion, _ = await run("a/m", providers=providers, ran=ran)
    assert completion is not None
    assert outcomes(ran) == [("local", "ok"), ("local", "ok")]
    await run("a/m", providers=providers, ran=(other := Run()))
    assert outcomes(other)[0] == ("a", "unavailable")


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_that_hangs_is_told_as_timed_out_before_it_ends_and_once(
    monkeypatch: pytest.MonkeyPatch, streamed: bool
) -> None:
    monkeypatch.setattr(completing, "ATTEMPT", 1.0)
    monkeypatch.setattr(completing, "FAIR", 0.0)
    monkeypatch.setattr(completing, "RETRIES", 0)
    health = PlayedHealth(expected=0.02)
    told_by_then: list[object] = []

    async def hang() -> None:
        await until(lambda: health.recorded)
        told_by_then.extend(health.recorded)
        await for_ever()

    silent = Scripted("a", "ok", pieces=() if streamed else ("y",), meanwhile=None if streamed else hang)
    if streamed:
        silent.before = hang
    await run(
        "a/m", providers=played(silent, health=health), said=[] if streamed else None, last_resort=False
    )
    assert told_by_then == health.recorded == [("a/m", "timeout")]


async def test_a_stream_that_has_begun_is_not_overdue_and_one_without_the_time_for_it_has_not_hung(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    health = PlayedHealth(expected=0.02)

    async def slowly() -> None:
        await asyncio.sleep(0.1)

    begun = Scripted("a", "ok", meanwhile=slowly)
    await run("a/m", providers=played(begun, health=health), said=[])
    assert health.recorded == [("a/m", "ok")]
    monkeypatch.setattr(completing, "ATTEMPT", 0.05)
    monkeypatch.setattr(completing, "RETRIES", 0)
    health = PlayedHealth()
    await run("a/m", providers=played(Scripted("a", "ok", meanwhile=for_ever), health=health))
    assert health.recorded == [("a/m", "cancelled")]


async def test_when_a_model_may_be_asked_again_is_known() -> None:
    health = PlayedHealth(sick={"a/m": "unhealthy"})
    _, ran = await run("a/m", providers=played(Scripted("a", "ok"), health=health))
    assert ran.retry_after == pytest.approx(3, abs=1)
    _, ran = await run("a/m", providers=played(Scripted("a", "rate_limited", retry_after=600)))
    assert (len(ran.attempts), ran.retry_after) == (1, pytest.approx(600, abs=5))
    _, ran = await run("a/m", providers=played(Scripted("a", "rate_limited")))
    assert (len(ran.attempts), ran.retry_after) == (3, None)


@pytest.mark.parametrize(
    ("outcome", "again", "calls"), [("rate_limited", False, 1), ("bad_request", True, 3)]
)
async def test_whether_another_try_helps_is_the_providers_to_say(
    outcome: Outcome, again: bool, calls: int
) -> None:
    _, ran = await run("a/m", providers=played(Scripted("a", outcome, again=again)))
    assert len(ran.attempts) == calls
    assert ran.again is again


async def test_a_stream_comes_piece_by_piece() -> None:
    said: list[str] = []
    completion, ran = await run("a/m", providers=played(Scripted("a", "ok")), said=said)
    assert completion is not None
    assert said == ["y", "es"]
    assert outcomes(ran) == [("a", "ok")]


async def test_a_stream_that_was_cut_is_paid_for_and_nobody_takes_over() -> None:
    catalogue = Catalogue({}, {"a/served": [PRICE]})
    a, b = Scripted("a", "unavailable"), Scripted("b", "ok")
    said: list[str] = []
    completion, ran = await run("a/m", "b/m", providers=played(a, b, catalogue=catalogue), said=said)
    assert completion is None
    assert said == ["y", "es"]
    assert outcomes(ran) == [("a", "unavailable")]
    assert ran.cost == Decimal(2)
    assert b.calls == 0


async def test_before_its_first_piece_a_stream_may_fail_over() -> None:
    said: list[str] = []
    a = Scripted("a", "unavailable", pieces=())
    completion, ran = await run("a/m", "b/m", providers=played(a, Scripted("b", "ok")), said=said)
    assert completion is not None
    assert said == ["y", "es"]
    assert outcomes(ran) == [("a", "unavailable"), ("b", "ok")]


async def test_a_caller_that_goes_away_ends_the_call_and_what_was_said_is_counted() -> None:
    started = asyncio.Event()

    async def hang() -> None:
        started.set()
        await asyncio.sleep(60)

    health, a = PlayedHealth(), Scripted("a", "ok", pieces=("one two three ",), meanwhile=hang)
    ran, said = Run(), list[str]()
    price = Price(provider="a", model="m", input=Decimal(1), output=Decimal(1_000_000), since=NOW)
    providers = played(a, catalogue=Catalogue({}, {"a/m": [price]}), health=health)
    task = asyncio.create_task(run("a/m", providers=providers, ran=ran, said=said))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (attempt,) = ran.attempts
    assert attempt.outcome == "cancelled"
    assert (attempt.usage.input, attempt.usage.output, attempt.usage.source) == (1, 3, "estimate")
    assert attempt.cost == Decimal("3.000001")
    assert a.closed == 1
    assert health.recorded == [("a/m", "cancelled")]


async def test_a_call_that_its_budget_check_breaks_off_does_not_stay_a_probe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*values: Any, **more: Any) -> None:
        raise OSError("away")

    monkeypatch.setattr(completing, "reserve", broken)
    health = PlayedHealth()
    providers = played(Scripted("a", "ok"), catalogue=Catalogue({}, {"a/m": [dear("m")]}), health=health)
    with pytest.raises(OSError, match="away"):
        await run("a/m", providers=providers, budgeted=True)
    assert health.recorded == [("a/m", "cancelled")]


def dear(model: str) -> Price:
    return Price(provider="a", model=model, input=Decimal(1), output=Decimal(2), since=NOW)


class Ahead:
    """One spare, which fits."""

    def __init__(self, spare: Reservation) -> None:
        self.spare = spare

    async def take(self, amount: Decimal, context: Context) -> Reservation:
        return self.spare


async def test_a_spare_that_is_taken_while_what_is_held_is_being_extended_is_not_lost() -> None:
    spare, first = (
        Reservation.make(
            uuid4(),
            interaction=uuid4(),
            model="a/m",
            amount=10**12,
            day_limit=None,
            month_limit=None,
            budget=1,
            expires_at=NOW + timedelta(minutes=2),
            at=NOW,
        )
        for _ in range(2)
    )
    ran = Run(reservations=[first], uncertain=Decimal(1))
    providers = played(Scripted("a", "ok"), catalogue=Catalogue({}, {"a/m": [dear("m")]}))
    pool = cast(ReservationPool, Ahead(spare))
    async with ran.lock:
        task = asyncio.create_task(run("a/m", providers=providers, ran=ran, pool=pool, budgeted=True))
        await asyncio.wait([task], timeout=0.2)
        ran.reservations[:] = [first]  # as an extension does once it is saved
    completion, _ = await task
    assert completion is not None
    assert ran.reserved == [first.id, spare.id]
