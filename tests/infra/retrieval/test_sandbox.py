from __future__ import annotations

import asyncio
import time
from pathlib import Path

import psutil
import pytest

from application.ports import Unavailable
from infra.retrieval.sandbox import SandboxFailed, Unreadable, run


async def ask(what: str, *arguments: str, seconds: float = 10.0) -> object:
    return await run("tests.infra.retrieval.misbehaving", what.encode(), *arguments, seconds=seconds)


def children() -> list[str]:
    processes = psutil.Process().children(recursive=True)
    return [line for process in processes if "misbehaving" in (line := " ".join(process.cmdline()))]


def written(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


async def test_the_child_gets_the_arguments_and_gives_its_result() -> None:
    assert await ask("echo", "a", "b") == ["a", "b"]


async def test_what_a_library_prints_does_not_spoil_the_answer() -> None:
    assert await ask("print") is None


async def test_the_child_sees_none_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRACE_MASTER_KEY", "not for children")
    seen = await ask("environment")
    assert isinstance(seen, list)
    assert set(seen) <= {"LC_CTYPE", "PWD", "SHLVL", "_"}


async def test_a_refusal_keeps_its_words() -> None:
    with pytest.raises(Unreadable, match="it is not to be read"):
        await ask("refuse")


@pytest.mark.parametrize(
    ("what", "message"),
    [("memory", "memory or crashed"), ("crash", "crashed"), ("talk", "too much")],
)
async def test_a_child_that_exceeds_its_bounds_fails(what: str, message: str) -> None:
    with pytest.raises(SandboxFailed, match=message):
        await ask(what)
    assert children() == []


async def test_the_child_cannot_write_files(tmp_path: Path) -> None:
    with pytest.raises(SandboxFailed):
        await ask("file", str(tmp_path / "made"))
    assert written(tmp_path) == 0


@pytest.mark.parametrize("what", ["sleep", "spin"])
async def test_a_child_that_takes_too_long_is_ended(what: str) -> None:
    began = time.monotonic()
    with pytest.raises(SandboxFailed, match="it took longer"):
        await ask(what, seconds=0.5)
    assert time.monotonic() - began < 3
    assert children() == []


async def test_a_cancelled_caller_leaves_no_child() -> None:
    asking = asyncio.create_task(ask("sleep"))
    await asyncio.sleep(0.3)
    assert children()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert children() == []


async def test_a_child_that_never_began_is_a_fault_and_no_verdict_on_the_input() -> None:
    with pytest.raises(Unavailable):
        await ask("echo", "stillborn")
