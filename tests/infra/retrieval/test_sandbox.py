from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from application.ports import Unavailable
from infra.retrieval.sandbox import ENVIRONMENT, Sandbox, Unreadable
from infra.retrieval.sandbox_pipes import SandboxFailed

MISBEHAVING = "tests.infra.retrieval.misbehaving"


@pytest.fixture(scope="module", name="sandbox")
async def _sandbox() -> AsyncIterator[Sandbox]:
    made = Sandbox(MISBEHAVING)
    yield made
    await made.close()
    assert servers() == []


async def given(*pieces: str) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece.encode()


async def ask(sandbox: Sandbox, what: str, *arguments: str, seconds: float = 20.0) -> object:
    return await sandbox.ask(MISBEHAVING, given(what[:2], what[2:]), *arguments, seconds=seconds)


def servers() -> list[psutil.Process]:
    processes = psutil.Process().children()
    return [process for process in processes if MISBEHAVING in process.cmdline()]


def children() -> list[psutil.Process]:
    return [child for server in servers() for child in server.children()]


def written(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


async def test_the_child_gets_the_arguments_and_gives_its_results(sandbox: Sandbox) -> None:
    assert await ask(sandbox, "echo", "a", "b") == ["a", "b"]


async def test_what_a_library_prints_does_not_spoil_the_answer(sandbox: Sandbox) -> None:
    assert await ask(sandbox, "print") == ["said"]


async def test_the_child_sees_none_of_our_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRACE_MASTER_KEY", "not for children")
    await sandbox.close()  # so that another one is started
    (seen,) = await ask(sandbox, "environment")  # type: ignore[misc]  # it is a list
    assert set(seen) <= {"LC_CTYPE", *ENVIRONMENT}


async def test_a_refusal_keeps_its_words(sandbox: Sandbox) -> None:
    with pytest.raises(Unreadable, match="it is not to be read"):
        await ask(sandbox, "refuse")


@pytest.mark.parametrize(
    ("what", "message"),
    [("memory", "memory or crashed"), ("crash", "crashed"), ("talk", "too much")],
)
async def test_a_child_that_exceeds_its_bounds_fails(sandbox: Sandbox, what: str, message: str) -> None:
    with pytest.raises(SandboxFailed, match=message):
        await ask(sandbox, what)
    assert children() == []


async def test_the_child_cannot_write_files(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxFailed):
        await ask(sandbox, "file", str(tmp_path / "made"))
    assert written(tmp_path) == 0


async def test_a_child_that_computes_for_too_long_is_ended(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxFailed, match="longer than 1 s of the processor's time"):
        await ask(sandbox, "spin", seconds=1)
    assert children() == []


async def test_a_child_that_only_waits_is_ended(sandbox: Sandbox) -> None:
    began = time.monotonic()
    with pytest.raises(SandboxFailed, match="it took longer than 1 s"):
        await ask(sandbox, "sleep", seconds=0.1)
    assert time.monotonic() - began < 30
    assert children() == []


async def test_a_cancelled_caller_leaves_no_child(sandbox: Sandbox) -> None:
    asleep = asyncio.Event()

    async def wait() -> None:
        async with sandbox.run(MISBEHAVING, given("sleep"), seconds=60) as results:
            async for _ in results:
                asleep.set()

    asking = asyncio.create_task(wait())
    await asleep.wait()
    assert len(children()) == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert children() == []


async def test_whoever_stops_reading_leaves_no_child(sandbox: Sandbox) -> None:
    async with sandbox.run(MISBEHAVING, given("sleep"), seconds=60) as results:
        assert await anext(results) == "asleep"
    assert children() == []


async def test_several_run_at_once_and_the_others_wait(sandbox: Sandbox) -> None:
    answers = await asyncio.gather(*(ask(sandbox, "echo", str(n)) for n in range(8)))
    assert answers == [[str(n)] for n in range(8)]


async def test_a_child_that_never_began_is_a_fault_and_no_verdict_on_the_input(sandbox: Sandbox) -> None:
    with pytest.raises(Unavailable):
        await sandbox.ask("no.such.module", given("echo"), seconds=20)


async def test_input_that_fails_is_its_own_fault(sandbox: Sandbox) -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield b"echo"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await sandbox.ask(MISBEHAVING, cut(), seconds=20)
    assert children() == []


async def test_a_server_that_dies_is_a_fault_and_the_next_job_starts_another(sandbox: Sandbox) -> None:
    with pytest.raises(Unavailable):
        await ask(sandbox, "server")
    assert await ask(sandbox, "echo", "again") == ["again"]
