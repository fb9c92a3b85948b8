"""Runs a module over hostile input in a child process with bounds on time, memory, output and what it can see.

The parent calls `run`, the module's `main` calls `answer`. The child has none of our environment, for keys lie there, and
limits itself before it reads the input.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import msgspec

from application.finishing import ended
from application.ports import Unavailable

ROOT = Path(__file__).parents[2]
MEMORY = 1024**3
"""Bytes of address space."""

OUTPUT = 64 * 1024**2
"""Bytes that a child may answer."""

READY = b"\n"
"""Said before the input is read: whoever dies earlier did not die of it."""

logger = logging.getLogger(__name__)


class SandboxFailed(Exception):
    """The child took too long, took too much memory, said too much, or crashed; the text says which."""


class Unreadable(Exception):
    """The input can't be read; the text says why and what to do, for a person."""


async def run(module: str, content: bytes, *arguments: str, seconds: float) -> Any:
    """What the module answers to `content`. Raises Unreadable, SandboxFailed; Unavailable if no child can be started."""
    command = [sys.executable, "-m", module, str(ceil(seconds)), *arguments]
    try:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, cwd=ROOT
        )
    except OSError as error:
        raise Unavailable(f"no process can be started here ({error.strerror}); try again later") from error
    try:
        async with asyncio.timeout(seconds):
            output = await _talk(child, content)
    except TimeoutError:
        raise SandboxFailed(f"it took longer than {seconds:g} s") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if not output.startswith(READY):
        raise Unavailable(f"a process ended with {child.returncode} before it began; try again later")
    if child.returncode:
        logger.warning("%s ended with %s", module, child.returncode)
        raise SandboxFailed("it needed too much memory or crashed")
    answered = msgspec.json.decode(output)
    if "refused" in answered:
        raise Unreadable(answered["refused"])
    return answered["result"]


async def _talk(child: Process, content: bytes) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    feeding = asyncio.create_task(_feed(child.stdin, content))
    try:
        await child.stdout.readexactly(OUTPUT + 1)
        raise SandboxFailed("it holds too much")
    except asyncio.IncompleteReadError as end:
        await child.wait()
        return end.partial
    finally:
        await ended(feeding)


async def _feed(stdin: asyncio.StreamWriter, content: bytes) -> None:
    try:
        stdin.write(content)
        await stdin.drain()
        stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # it died; its exit tells


def answer(work: Callable[[bytes, Sequence[str]], object]) -> None:
    """The child's side: give `work` the input and the arguments, and its result or refusal to the parent."""
    _limit(int(sys.argv[1]))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no part of the answer
    out.write(READY)
    out.flush()
    try:
        said: dict[str, object] = {"result": work(sys.stdin.buffer.read(), sys.argv[2:])}
    except Unreadable as error:
        said = {"refused": str(error)}
    out.write(msgspec.json.encode(said))
    out.close()


def _limit(seconds: int) -> None:
    """Bound this process. The processor's time is bounded too, for a parent that is killed can't stop its child."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
