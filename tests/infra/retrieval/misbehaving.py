"""A module for the sandbox that does what its input says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from infra.retrieval.sandbox import Unreadable, answer


def work(content: bytes, arguments: Sequence[str]) -> object:
    match content.decode():
        case "echo":
            return list(arguments)
        case "refuse":
            raise Unreadable("it is not to be read")
        case "environment":
            return sorted(os.environ)
        case "sleep":
            time.sleep(60)
        case "spin":
            while True:
                pass
        case "memory":
            return len(bytes(2 * 1024**3))
        case "talk":
            return "x" * (70 * 1024**2)
        case "print":
            sys.stdout.write("noise")
            os.write(1, b"noise")
        case "crash":
            os.kill(os.getpid(), 11)
        case "file":
            with open(arguments[0], "wb") as file:
                file.write(b"x")
    return None


if __name__ == "__main__":
    if sys.argv[2:] == ["stillborn"]:
        sys.exit(3)
    answer(work)
