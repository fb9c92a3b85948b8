"""The command line as a user runs it, on the tests' database."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from interfaces.cli import cli
from tests.infra.log.parts import MASTER

Run = Callable[..., Result]


@pytest.fixture(name="run")
def _run(database_url: str, tmp_path: Path) -> Run:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": None,
        "RETRACE_MASTER_KEY": base64.b64encode(MASTER).decode(),
        "RETRACE_DATA": str(tmp_path),
    }

    def run(*words: str, **others: str) -> Result:
        """`others`: variables beside, or instead of, those of the fixture."""
        return CliRunner().invoke(cli, words, env={**environment, **others})

    return run
