"""Runs a module over hostile input in a child process with limits on time and memory.

The module reads standard input, calls `limit_memory` first, and writes JSON: `{"result": …}`, or `{"refused": "why"}`.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from typing import Any

import msgspec

MEMORY = 2 * 1024**3
"""Bytes of address space."""


class SandboxFailed(Exception):
    """The child took too long, took too much memory, or crashed."""


class SandboxRefused(Exception):
    """The child can't read its input; the text says why, for a person."""


async def run(module: str, content: bytes, *arguments: str, seconds: float) -> Any:
    """What the module answers to `content`. Raises SandboxRefused, SandboxFailed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(content), seconds)
    except TimeoutError:
        raise SandboxFailed("it took too long") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise SandboxFailed("it needed too much memory or crashed")
    answer = msgspec.json.decode(output)
    if "refused" in answer:
        raise SandboxRefused(answer["refused"])
    return answer["result"]


def limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
