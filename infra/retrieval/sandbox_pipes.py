"""What goes into a sandbox and comes out of it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import suppress
from typing import Any

import msgspec

from application.ports import Unavailable
from infra.retrieval.forking import LENGTH, STATUS, Header, Unreadable

OUTPUT = 128 * 1024**2
"""Bytes that a child may answer."""

logger = logging.getLogger(__name__)


class SandboxFailed(Exception):
    """The child took too long, took too much memory, said too much, or crashed; the text says which."""


async def results_of(reader: asyncio.StreamReader) -> AsyncGenerator[Any, None]:
    """The child's frames, the first of which says only that it began."""
    left = OUTPUT
    with suppress(asyncio.IncompleteReadError, ConnectionResetError):
        while True:
            (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            if (left := left - length) < 0:
                raise SandboxFailed("it holds too much")
            said = msgspec.msgpack.decode(await reader.readexactly(length))
            if "refused" in said:
                raise Unreadable(said["refused"])
            yield said.get("result")


async def feed(writer: asyncio.StreamWriter, header: Header, content: AsyncIterable[bytes]) -> None:
    try:
        writer.write(msgspec.json.encode(header) + b"\n")
        async for piece in content:
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
    except (BrokenPipeError, ConnectionResetError):
        return  # it died; its end tells
    except BaseException:
        writer.transport.abort()  # half of an input is none
        raise


def fault_of(feeding: asyncio.Task[None]) -> BaseException | None:
    """Why the input could not be read to its end."""
    return feeding.exception() if feeding.done() and not feeding.cancelled() else None


def verdict_of(said: bytes, header: Header, began: bool) -> Exception | None:
    """How a child ended, by what the server said of it."""
    if len(said) < STATUS.size:
        return Unavailable("the process that forks is gone; try again later")
    (status,) = STATUS.unpack(said)
    if status == 0:
        return None
    if not began:
        return Unavailable("a process ended before it began; try again later")
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return SandboxFailed(f"it took longer than {header.seconds} s of the processor's time")
    logger.warning("%s ended with %s", header.module, os.waitstatus_to_exitcode(status))
    return SandboxFailed("it needed too much memory or crashed")
