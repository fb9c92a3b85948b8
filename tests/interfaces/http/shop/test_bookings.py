"""Services, slots and bookings over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import httpx

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.shop.conftest import TABLE, a_service, booking, holds, slots


async def test_a_service_is_added_changed_and_deleted(ours: Customer, theirs: Customer) -> None:
    service = await a_service(ours)
    at = f"/v1/catalog/services/{service}"
    read = await ours.http.get(at)
    assert read.json()["availability"]["capacity"] == 2
    assert (await theirs.http.get(at)).status_code == 404
    changed = await ours.http.put(
        at, json={**TABLE, "price": "6.00"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert changed.json()["price"] == "6.00"
    moved = {**TABLE, "availability": TABLE["availability"] | {"time_zone": "Asia/Tokyo"}}
    assert (await ours.http.put(at, json=moved)).status_code == 422
    listed = await ours.http.get(
        "/v1/catalog/services", headers={"Retrace-Position": changed.headers["Retrace-Position"]}
    )
    assert [each["price"] for each in listed.json()["items"] if each["id"] == service] == ["6.00"]
    assert (await ours.http.delete(at)).status_code == 204
    assert (await ours.http.get(at)).status_code == 404
    assert (await ours.http.get(f"{at}/slots")).status_code == 404


async def test_a_slot_is_booked_moved_and_cancelled(ours: Customer, theirs: Customer) -> None:
    service = await a_service(ours)
    one, other = (await slots(ours, service))[5:7]
    made = await ours.http.post("/v1/bookings", json=booking(service, one["start"], places=2, note="Window"))
    assert made.status_code == 201, made.text
    at = made.headers["Location"]
    assert (await ours.http.get(at)).json() == made.json()
    assert (made.json()["price"], made.json()["note"]) == ("10.00", "Window")
    assert (await theirs.http.get(at)).status_code == 404
    assert one not in await slots(ours, service)
    moved = await ours.http.post(f"{at}/move", json={"start": other["local_start"]})
    assert (moved.status_code, moved.json()["start"]) == (200, other["start"])
    free = {each["start"]: each["free"] for each in await slots(ours, service)}
    assert (free[one["start"]], free.get(other["start"])) == (2, None)
    cancelled = await ours.http.post(f"{at}/cancel")
    assert cancelled.json()["status"] == "cancelled"
    assert (await ours.http.post(f"{at}/cancel")).status_code == 200
    assert (await ours.http.post(f"{at}/move", json={"start": one["start"]})).status_code == 422
    assert other in await slots(ours, service)
    conversation = made.json()["conversation"]
    position = {"Retrace-Position": cancelled.headers["Retrace-Position"]}
    listed = await ours.http.get("/v1/bookings", params={"conversation": conversation}, headers=position)
    assert [(each["id"], each["note"]) for each in listed.json()["items"]] == [(made.json()["id"], "Window")]
    assert (await ours.http.get("/v1/bookings", params={"service": str(uuid4())})).json()["items"] == []


async def test_who_has_booked_and_writes_later_is_in_the_same_conversation(ours: Customer) -> None:
    service = await a_service(ours)
    start = (await slots(ours, service))[5]["start"]
    made = await ours.http.post("/v1/bookings", json=booking(service, start, "early"))
    conversation = await ours.http.get(f"/v1/conversations/{made.json()['conversation']}")
    assert conversation.json()["customer"]["address"] == "early"
    asked = await ours.ask("When are you open?", address="early")
    assert asked.json()["conversation"] == made.json()["conversation"]


async def test_of_many_who_want_the_last_place_one_gets_it(
    ours: Customer, elsewhere: httpx.AsyncClient, parts: Services
) -> None:
    service = await a_service(ours, capacity=1, every_minutes=30)
    day = str(datetime.now(UTC).date() + timedelta(days=2))
    found = await slots(ours, service, **{"from": day, "to": day})
    # Two slots that overlap: whoever has one of them has the place of both.
    starts = [found[20]["start"], found[21]["start"]]
    sent = [
        (elsewhere if n % 2 else ours.http).post(
            "/v1/bookings", json=booking(service, starts[n // 2 % 2], f"racer {n}")
        )
        for n in range(20)
    ]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 19
    assert {answer.json()["free"] for answer in answers if answer.status_code == 422} == {0}
    await holds(ours, parts)


async def test_all_places_of_many_slots_are_given_once(
    ours: Customer, elsewhere: httpx.AsyncClient, parts: Services
) -> None:
    service = await a_service(ours, capacity=3)
    starts = [each["start"] for each in (await slots(ours, service))[4:8]]
    sent = [
        (elsewhere if n % 2 else ours.http).post(
            "/v1/bookings", json=booking(service, starts[n % 4], f"guest {n % 7}")
        )
        for n in range(28)
    ]
    codes = sorted(answer.status_code for answer in await asyncio.gather(*sent))
    assert codes == [201] * 12 + [422] * 16
    await holds(ours, parts)


async def test_who_moves_to_a_slot_races_like_who_books_it(
    ours: Customer, elsewhere: httpx.AsyncClient, parts: Services
) -> None:
    service = await a_service(ours, capacity=1)
    found = await slots(ours, service)
    wanted, own = found[30]["start"], [found[4]["start"], found[5]["start"]]
    made = [await ours.http.post("/v1/bookings", json=booking(service, start)) for start in own]
    moves = [
        client.post(f"{each.headers['Location']}/move", json={"start": wanted})
        for client, each in zip((ours.http, elsewhere), made, strict=True)
    ]
    sent = [*moves, elsewhere.post("/v1/bookings", json=booking(service, wanted, "third"))]
    answers = await asyncio.gather(*sent)
    assert sum(answer.status_code < 300 for answer in answers) == 1
    await holds(ours, parts)


async def test_the_same_request_again_is_the_same_booking(
    ours: Customer, elsewhere: httpx.AsyncClient
) -> None:
    service = await a_service(ours, capacity=10)
    start = (await slots(ours, service))[5]["start"]
    key = {"Idempotency-Key": "a booking"}
    sent = [
        client.post("/v1/bookings", json=booking(service, start), headers=key)
        for client in (ours.http, elsewhere) * 4
    ]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} <= {201, 409}  # 409: the first one still runs
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    (there,) = [each for each in await slots(ours, service) if each["start"] == start]
    assert there["free"] == 9


async def test_what_is_no_slot_is_refused_with_what_to_do(ours: Customer) -> None:
    service = await a_service(ours, lead_minutes=120, horizon_days=10)
    start = datetime.fromisoformat((await slots(ours, service))[0]["start"])
    assert start >= datetime.now(UTC) + timedelta(minutes=119)
    for when in (
        start + timedelta(minutes=1),
        start - timedelta(hours=1),
        start - timedelta(days=1),
        start + timedelta(days=12),
    ):
        refused = await ours.http.post("/v1/bookings", json=booking(service, when.isoformat()))
        assert refused.status_code == 422, refused.text
        assert "slots" in refused.json()["detail"]
    for wrong in ({"start": "2026-12-07T10:00:00"}, {"start": "9999-12-31T23:59:59-23:59"}, {"places": 0}):
        body = booking(service, start.isoformat()) | wrong
        refused = await ours.http.post("/v1/bookings", json=body)
        assert refused.status_code == 400, (wrong, refused.text)
    many = await ours.http.post("/v1/bookings", json=booking(service, start.isoformat(), places=3))
    assert (many.status_code, many.json()["free"]) == (422, 2)
    at = f"/v1/catalog/services/{service}/slots"
    for query in ({"from": "2026-12-02", "to": "2026-12-01"}, {"from": "2026-12-01", "to": "2027-02-01"}):
        assert (await ours.http.get(at, params=query)).status_code == 400
    assert await slots(ours, service, **{"from": "9999-12-31"}) == []
    assert await slots(ours, service, **{"from": "0001-01-01"}) == []
    await ours.http.put(f"/v1/catalog/services/{service}", json={**TABLE, "active": False})
    assert (await ours.http.get(at)).status_code == 422


async def test_an_hour_that_comes_twice_is_given_twice_and_each_once(
    ours: Customer, elsewhere: httpx.AsyncClient, parts: Services
) -> None:
    service = await a_service(ours, capacity=1)
    today = datetime.now(UTC).date()
    nights = [
        max(day for n in range(25, 32) if (day := date(year, 10, n)).weekday() == 6)
        for year in (today.year, today.year + 1)
    ]
    night = str(next(each for each in nights if each > today))
    found = await slots(ours, service, **{"from": night, "to": night})
    assert len(found) == 25
    twice = [each["start"] for each in found if each["local_start"].startswith(f"{night}T02:00")]
    assert len(twice) == 2
    sent = [
        (elsewhere if n % 2 else ours.http).post(
            "/v1/bookings", json=booking(service, twice[n // 2 % 2], f"owl {n}")
        )
        for n in range(12)
    ]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [422] * 10
    assert {answer.json()["start"] for answer in answers if answer.status_code == 201} == set(twice)
    await holds(ours, parts)


async def test_a_slot_beside_the_hour_that_is_left_out_is_given_once_whatever_zone_names_its_moment(
    ours: Customer, elsewhere: httpx.AsyncClient, parts: Services
) -> None:
    service = await a_service(ours, capacity=1)
    today = datetime.now(UTC).date()
    nights = [
        max(day for n in range(25, 32) if (day := date(year, 3, n)).weekday() == 6)
        for year in (today.year, today.year + 1)
    ]
    night = str(next(each for each in nights if each > today))
    found = await slots(ours, service, **{"from": night, "to": night})
    assert len(found) == 23
    assert not [each for each in found if each["local_start"].startswith(f"{night}T02:")]
    (after,) = [each for each in found if each["local_start"].startswith(f"{night}T03:00")]
    moment = datetime.fromisoformat(after["start"])
    # 03:00 in summer time is the moment that a clock which nobody has put forward calls 02:00.
    zones = [timezone(timedelta(hours=hours)) for hours in (0, 1, 2, -5, 14)]
    starts = [moment.astimezone(zone).isoformat() for zone in zones]
    assert starts[1].startswith(f"{night}T02:00:00+01:00")
    sent = [
        (elsewhere if n % 2 else ours.http).post(
            "/v1/bookings", json=booking(service, starts[n % 5], f"lark {n}")
        )
        for n in range(15)
    ]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 14
    await holds(ours, parts)
