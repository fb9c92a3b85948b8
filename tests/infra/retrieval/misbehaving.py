"""A module for the sandbox that does what its input says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from infra.retrieval.forking import Tell, Unreadable


def work(given: BinaryIO, arguments: Sequence[str], tell: Tell) -> Iterator[object]:
    match given.read().decode():
        case "echo":
            yield from arguments
        case "refuse":
            yield "a piece"
            raise Unreadable("it is not to be read")
        case "environment":
            yield sorted(os.environ)
        case "sleep":
            yield "asleep"
            time.sleep(60)
        case "spin":
            while True:
                pass
        case "memory":
            yield len(bytes(2 * 1024**3))
        case "talk":
            for _ in range(140):
                yield "x" * 1024**2
        case "print":
            sys.stdout.write("noise")
            os.write(1, b"noise")
            yield "said"
        case "crash":
            os.kill(os.getpid(), 11)
        case "server":
            os.kill(os.getppid(), 9)
            time.sleep(60)
        case "file":
            with open(arguments[0], "wb") as file:
                file.write(b"x")
