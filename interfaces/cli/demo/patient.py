"""A client that asks again where it is told to: on a machine that is busy a read model may be behind for a moment (503 with Retry-After)."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

PATIENCE = 60.0
"""Seconds for which one request is asked again."""


class Patient(httpx.HTTPTransport):
    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = time.monotonic() + PATIENCE
        while True:
            response = super().handle_request(request)
            after = response.headers.get("Retry-After", "")
            if response.status_code != 503 or not after.isdecimal() or time.monotonic() + int(after) > until:
                return response
            response.close()
            self._sleep(float(after))
