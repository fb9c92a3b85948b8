"""Clients' own suites, and what their users do, in an environment of theirs (`make clients`) against a running server before a model that does what it is asked."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from domain.feedback.exchange import Exchange
from domain.learning.training.formats import line_of
from domain.models.completion import Turn
from interfaces.bootstrap import Services
from tests.dated import CLOCK
from tests.doubles.doing import doing
from tests.doubles.openai import Double
from tests.doubles.pictures import PDF, png
from tests.interfaces.http.conftest import Customer

ROOT = Path(__file__).parents[4]
SUITES = ROOT / "tests" / "clients"
ENVIRONMENT = Path(os.environ.get("RETRACE_CLIENTS", ROOT / ".venv-clients")).absolute()


@pytest_asyncio.fixture(autouse=True)
async def _model(
    shop: Customer, parts: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    upstream.script, upstream.says = (lambda body: "says"), doing
    assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
    agent = {"default_model": "openai/gpt-4o-mini"}
    assert (await shop.http.put("/v1/agent/configuration", json=agent)).status_code == 200

    async def fetch(url: str, place: str, *, most: int) -> bytes:
        assert url.startswith("https://")
        return png(4, 3)

    monkeypatch.setattr(parts.contents, "fetch", fetch)
    yield


def training_file() -> bytes:
    """Twelve examples for Together, one of them with what was said before, with a system text."""
    before = (Turn(role="user", text="Hello"), Turn(role="assistant", text="Good morning."))
    made = [
        Exchange(message=f"Question {n}?", answer=f"Answer {n}.", context=before if n == 1 else ())
        for n in range(12)
    ]
    return b"".join(line_of("together", each, "Be kind.") for each in made)


@pytest.mark.clients
@pytest.mark.parametrize("suite", sorted(path.name for path in SUITES.glob("*_suite.py")))
async def test_the_suite_of_a_client_passes(suite: str, address: str, shop: Customer, tmp_path: Path) -> None:
    known = {"RETRACE_URL": f"{address}/v1", "RETRACE_KEY": shop.key}
    known |= {"RETRACE_PNG": base64.b64encode(png(4, 3)).decode()}
    known |= {"RETRACE_PDF": base64.b64encode(PDF).decode(), "HOME": str(tmp_path)}
    *_, page = (ROOT / "docs" / "clients.md").read_text().partition("<!-- by make clients -->")
    known |= {"RETRACE_PAGE": page, "RETRACE_TRAINING": base64.b64encode(training_file()).decode()}
    python = ENVIRONMENT / "bin" / "python"
    assert python.exists(), "there is no environment of the clients' here; make it by `make clients`"
    suites = shutil.copytree(SUITES, tmp_path / "suites")  # what their plug-ins write goes with it
    process = await asyncio.create_subprocess_exec(
        *(str(python), "-m", "pytest", "-c", "pytest.ini", suite),
        cwd=suites,
        env={"PATH": os.environ["PATH"], **CLOCK, "PYTHONDONTWRITEBYTECODE": "1", **known},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    text = told.decode()
    print(text)
    assert process.returncode == 0, text
    skipped = [line for line in text.splitlines() if line.startswith("SKIPPED")]
    assert all("audio" in line for line in skipped), skipped
