"""Tells a person what is done and what is waited for: on a terminal a line that counts the seconds, else a line every two seconds."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from infra.waits import Show

SILENCE = 2.0
"""Seconds at most between two lines where nobody watches a terminal, and before the first."""

TICK = 1.0
"""Seconds between two looks of whoever watches one."""

CLEARED = "\r\x1b[2K"
"""The line is empty again."""


class Teller:
    """`say` says what has happened; inside `waits` each second says what is waited for. Used from one thread.

    Without rich, which takes 6 MB: it stays loaded in whoever tells something once.
    """

    def __init__(self, output: TextIO | None = None, *, terminal: bool | None = None) -> None:
        """`output` None: the standard one. `terminal`: whether it is one, where it does not know itself."""
        self._output, self._given = output, terminal
        self._lock = threading.Lock()
        self._shown = False

    def say(self, text: str) -> None:
        self.tell(f"{self.styled('·', 2)} {text}")

    def tell(self, line: str) -> None:
        """The line as it is."""
        with self._lock:
            self._write(f"{self._cleared()}{line}\n")

    def styled(self, text: str, style: int) -> str:
        """Bold is 1, dim is 2 (ECMA-48, SGR), where somebody watches a terminal."""
        return f"\x1b[{style}m{text}\x1b[0m" if self._terminal and not os.environ.get("NO_COLOR") else text

    @contextmanager
    def waits(self, what: str) -> Iterator[Show]:
        """What it gives changes the words, as where a reason becomes known."""
        words, ended, began = [what], threading.Event(), time.monotonic()
        terminal = self._terminal

        def show(text: str) -> None:
            words[0] = text

        def tick() -> None:
            if terminal:
                self._count(words[0], 0)
            while not ended.wait(TICK if terminal else SILENCE):
                seconds = time.monotonic() - began
                if terminal:
                    self._count(words[0], seconds)
                else:
                    self.say(f"waiting for {words[0]}… {seconds:.0f} s")

        thread = threading.Thread(target=tick, name="waiting", daemon=True)
        thread.start()
        try:
            yield show
        finally:
            ended.set()
            thread.join()
            with self._lock:
                self._write(self._cleared())

    @property
    def _terminal(self) -> bool:
        if self._given is not None:
            return self._given
        return (self._output or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"

    def _count(self, what: str, seconds: float) -> None:
        text = f"waiting for {what}… {seconds:.0f} s"
        with self._lock:
            self._write(f"{CLEARED}{text[: self._columns() - 1]}")
            self._shown = True

    def _cleared(self) -> str:
        shown, self._shown = self._shown, False
        return CLEARED if shown else ""

    def _columns(self) -> int:
        try:
            return os.get_terminal_size((self._output or sys.stdout).fileno()).columns
        except (OSError, ValueError):
            return 80

    def _write(self, text: str) -> None:
        output = self._output or sys.stdout
        output.write(text)
        output.flush()
