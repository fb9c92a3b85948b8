"""A forked process for one call, so that a page that is slow, takes too much memory or crashes costs that page alone."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from typing import TypeVar

import msgspec

from infra.retrieval.forking import end_with_parent

T = TypeVar("T")


def apart(work: Callable[[], T], kind: type[T], *, seconds: int, patience: float) -> T | None:
    """What `work` gives; None if it fails, or takes more than `seconds` of the processor's time, or `patience` seconds by the clock.

    Its memory has the bound of this process. Only for a process without threads.
    """
    ours, its = os.pipe()
    if (pid := os.fork()) == 0:
        code = 1
        try:
            end_with_parent()
            os.close(ours)
            _, hard = resource.getrlimit(resource.RLIMIT_CPU)
            soft = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
            resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
            signal.setitimer(signal.ITIMER_REAL, max(1.0, patience))  # whose signal ends it
            with open(its, "wb") as out:
                out.write(msgspec.msgpack.encode(work()))
            code = 0
        finally:
            os._exit(code)
    os.close(its)
    with open(ours, "rb") as said:
        data = said.read()
    _, status = os.waitpid(pid, 0)
    return msgspec.msgpack.decode(data, type=kind) if status == 0 else None
