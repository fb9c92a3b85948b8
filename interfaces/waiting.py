"""Tells a person what is done and what is waited for: on a terminal a line that counts the seconds, else a line every two seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from infra.waits import Show

SILENCE = 2.0
"""Seconds at most between two lines where nobody watches a terminal, and before the first."""


class Teller:
    """`say` says what has happened; inside `waits` each second says what is waited for. Used from one thread."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        self._console.print(f"[dim]·[/dim] {escape(text)}", soft_wrap=True)

    @contextmanager
    def waits(self, what: str) -> Iterator[Show]:
        """What it gives changes the words, as where a reason becomes known."""
        words, ended = [what], threading.Event()

        def show(text: str) -> None:
            words[0] = text

        if self._console.is_terminal:
            with self._console.status(f"waiting for {escape(what)}…", refresh_per_second=4) as status:

                def tell(seconds: float) -> None:
                    status.update(f"waiting for {escape(words[0])}… {seconds:.0f} s")

                yield from self._ticking(tell, 1.0, ended, show)
        else:

            def say(seconds: float) -> None:
                self.say(f"waiting for {words[0]}… {seconds:.0f} s")

            yield from self._ticking(say, SILENCE, ended, show)

    def _ticking(
        self, tell: Callable[[float], None], every: float, ended: threading.Event, show: Show
    ) -> Iterator[Show]:
        began = time.monotonic()

        def tick() -> None:
            while not ended.wait(every):
                tell(time.monotonic() - began)

        thread = threading.Thread(target=tick, name="waiting", daemon=True)
        thread.start()
        try:
            yield show
        finally:
            ended.set()
            thread.join()
