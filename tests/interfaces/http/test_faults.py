"""What fails beneath is told clearly, loses nothing, and passes by itself."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Iterator
from unittest.mock import patch

import httpx
import psycopg
import pytest

from infra.storage import folder
from interfaces.bootstrap import Services
from tests.infra.log.parts import full_disk
from tests.interfaces.http.conftest import Customer, settled

OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@pytest.fixture(name="superuser")
def _superuser(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def unavailable(reply: httpx.Response, detail: str) -> None:
    assert reply.status_code == 503, reply.text
    assert reply.headers["Retry-After"].isdigit()
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert detail in reply.json()["detail"]


async def test_a_database_without_room_refuses_writes_at_once_and_takes_them_again(
    ours: Customer, database_url: str
) -> None:
    async with full_disk(database_url):
        began = time.monotonic()
        reply = await ours.ask("Is there room?", address="full", message_id="full-1")
        assert time.monotonic() - began < 25
        unavailable(reply, "disk is full, so nothing was saved")
        assert (await ours.http.get("/v1/conversations")).status_code == 200
    taken = await ours.ask("Is there room?", address="full", message_id="full-1")
    assert (taken.status_code, taken.json()["status"]) == (200, "answered")


async def test_an_answer_that_finds_no_room_is_given_once_there_is_some(
    ours: Customer, database_url: str
) -> None:
    reply = await ours.ask("Answer me later?", address="later", wait=0)
    assert reply.status_code == 202
    async with full_disk(database_url):
        await asyncio.sleep(0.3)
    assert (await settled(ours, reply.headers["Location"]))["status"] == "answered"


async def upload(customer: Customer, content: bytes) -> httpx.Response:
    return await customer.http.post("/v1/documents", files={"file": ("notes.txt", content)})


async def test_an_upload_that_finds_no_room_is_refused_and_taken_later(ours: Customer) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with patch.object(folder, "_close", full):
        unavailable(await upload(ours, b"We close on Sundays."), "disk for documents is full")
    assert (await upload(ours, b"We close on Sundays.")).status_code == 201


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 503), (errno.EDQUOT, 503), (errno.EIO, 500)])
async def test_a_system_without_room_is_told_from_other_faults_of_the_system(
    ours: Customer, parts: Services, number: int, status: int
) -> None:
    async def fails(*_: object) -> None:
        raise OSError(number, "a text of the system's")

    with patch.object(type(parts.files), "write", fails):
        reply = await upload(ours, f"Number {number}.".encode())
    assert reply.status_code == status
    assert "a text of the system's" not in reply.text


async def test_all_sessions_may_be_ended_at_any_time(ours: Customer, superuser: psycopg.Connection) -> None:
    for turn in range(5):
        row = superuser.execute(OTHERS).fetchone()
        assert row is not None
        assert row[0] > 0
        reply = await ours.ask("Still there?", address=f"ended {turn}")
        assert reply.status_code == 200
        position = {"Retrace-Position": reply.headers["Retrace-Position"]}
        shown = await ours.http.get("/v1/conversations", headers=position)
        assert shown.status_code == 200, shown.text
