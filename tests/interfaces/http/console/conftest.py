"""A real browser before the real application: one Chromium a run, one server a test file."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, async_playwright, expect

from tests.interfaces.http.console.browsing import Site

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _tool() -> Any:
    path = Path(__file__).parents[4] / "tools" / "install_chromium.py"
    spec = importlib.util.spec_from_file_location("install_chromium", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Shared by all tests of a run; each opens contexts of its own in it."""
    tool = _tool()
    path = tool.found()
    if path is None:
        assert os.environ.get("CI") != "true", tool.HOW
        pytest.skip(tool.HOW)
    expect.set_options(timeout=30_000)  # milliseconds: a machine that is busy stands still at times
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module")
async def site(app: Any, chromium: Browser) -> AsyncIterator[Site]:
    """The application of this file's tests at an address, and the browser that looks at it."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    site = Site(f"http://127.0.0.1:{port}", chromium)
    yield site
    await site.close()
    server.should_exit = True
    await serving
