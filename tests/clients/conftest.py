"""Where the server under test is, and files that suites would fetch from the internet. Nothing of Retrace is at hand here, as in an app."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import httpx
import pytest

os.environ.setdefault("LANGCHAIN_TESTS_USER_AGENT", "tests")

URL = os.environ["RETRACE_URL"]
"""With /v1."""

KEY = os.environ["RETRACE_KEY"]
FILES = {ending: base64.b64decode(os.environ[f"RETRACE_{ending.upper()}"]) for ending in ("png", "pdf")}
"""By the ending of their names."""


@pytest.fixture(scope="session")
def url() -> str:
    return URL


@pytest.fixture(scope="session")
def key() -> str:
    return KEY


@pytest.fixture(autouse=True)
def _no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    real = httpx.get

    def get(address: str, **more: object) -> httpx.Response:
        ending = Path(address).suffix.removeprefix(".")
        if ending in FILES:
            return httpx.Response(200, content=FILES[ending])
        return real(address, **more)

    monkeypatch.setattr(httpx, "get", get)
