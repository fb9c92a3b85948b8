"""The demo's client on a machine that is busy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx

from interfaces.cli.demo.patient import Patient


@contextmanager
def answering(*answers: tuple[int, str]) -> Iterator[str]:
    """A server's address that answers so, one after the other: status and Retry-After."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, after = left.pop(0)
            self.send_response(status)
            if after:
                self.send_header("Retry-After", after)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_is_behind_for_a_moment_is_asked_again_when_it_says() -> None:
    slept: list[float] = []
    with (
        answering((503, "1"), (503, "2"), (200, ""), (503, ""), (503, "600"), (500, "1")) as url,
        httpx.Client(base_url=url, transport=Patient(slept.append)) as client,
    ):
        assert (client.get("/").status_code, slept) == (200, [1.0, 2.0])
        assert [client.get("/").status_code for _ in range(3)] == [503, 503, 500]
        assert slept == [1.0, 2.0], "nothing is waited for that says no time, or too long a one"
