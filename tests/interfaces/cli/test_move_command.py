"""`retrace tenant move` as a user runs it, to a deployment that its configuration file names."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.interfaces.conftest import Run


@pytest.fixture(name="cell")
def _cell(other_url: str, tmp_path: Path) -> Path:
    """The configuration of another deployment."""
    (folder := tmp_path / "cell").mkdir()
    file = folder / "retrace.toml"
    file.write_text(
        f'database_url = "{other_url}"\n'
        f'master_key = "{base64.b64encode(b"the other one, 32 bytes in full!").decode()}"\n'
        f'data = "{folder}"\npublic_url = "https://new.example"\n'
    )
    return file


def test_a_tenant_is_moved_and_found_there(run: Run, cell: Path) -> None:
    tenant = json.loads(run("tenant", "create", "Shop", "--json").output)["tenant"]
    assert run("ask", "When are you open?", "--tenant", tenant).exit_code == 0
    itself = cell.with_name("itself.toml")
    itself.write_text(cell.read_text())
    moved = run("tenant", "move", tenant, str(cell))
    assert (moved.exit_code, "nothing could be written for" in moved.output) == (0, True)
    again = run("tenant", "move", tenant, str(cell))
    assert "has moved to https://new.example already" in str(again.exception)
    assert "has moved to https://new.example" in str(run("events", "--tenant", tenant).exception)
    assert tenant not in run("tenant", "list").output
    there = {"DATABASE_URL": "", "RETRACE_MASTER_KEY": "", "RETRACE_DATA": "", "RETRACE_CONFIG": str(cell)}
    verified = run("audit", "verify", "--tenant", tenant, "--closely", **there)
    assert (verified.exit_code, "clean" in verified.output) == (0, True)
    assert run("ask", "And on Sundays?", "--tenant", tenant, **there).exit_code == 0
    assert "is this deployment itself" in str(run("tenant", "move", tenant, str(itself), **there).exception)
