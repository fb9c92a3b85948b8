"""Calls in processes of their own, for the tests to watch from a sandbox."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from infra.retrieval.forking import Tell
from infra.retrieval.ocr.apart import apart


def spin() -> str:
    while True:
        pass


def wait() -> str:
    time.sleep(600)
    return "late"


def crash() -> str:
    os.kill(os.getpid(), signal.SIGSEGV)
    return "alive"


def fill() -> str:
    return bytes(3 * 1024**3).hex()


def fail() -> str:
    raise ValueError("no")


CALLS: dict[str, Callable[[], str]] = {
    "spin": spin,
    "wait": wait,
    "crash": crash,
    "fill": fill,
    "fail": fail,
    "long": lambda: "x" * 1_000_000,
}


def work(given: BinaryIO, arguments: Sequence[str], tell: Tell) -> Iterator[object]:
    given.read()
    for name in arguments:
        said = apart(CALLS[name], str, seconds=1, patience=30 if name != "wait" else 1)
        yield None if said is None else len(said)
