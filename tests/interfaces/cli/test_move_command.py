"""`retrace tenant move`, `export` and `import` as a user runs it, to a deployment that its configuration file names."""

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


def test_a_tenant_is_exported_imported_and_handed_over(run: Run, cell: Path, tmp_path: Path) -> None:
    there = {"DATABASE_URL": "", "RETRACE_MASTER_KEY": "", "RETRACE_DATA": "", "RETRACE_CONFIG": str(cell)}
    receiver = run("tenant", "receiver-key", **there).output.strip()
    tenant = json.loads(run("tenant", "create", "Shop", "--json").output)["tenant"]
    assert run("ask", "When are you open?", "--tenant", tenant).exit_code == 0
    folder = str(tmp_path / "parcel")
    assert run("tenant", "export", tenant, folder).exit_code == 2
    words = (
        "tenant",
        "export",
        tenant,
        folder,
        "--for",
        receiver,
        "--close",
        "--named",
        "https://new.example",
    )
    packed = json.loads(run(*words, "--json").output)
    assert packed["closed"]
    again = run("tenant", "export", tenant, folder, "--for", receiver)
    assert f"tenant {tenant} is on its way" in str(again.exception)
    other = run("tenant", "import", folder, "--sha256", "0" * 64, **there)
    assert "is another export than the one that was named" in str(other.exception)
    assert "was made for another deployment" in str(run("tenant", "import", folder).exception)
    imported = run("tenant", "import", folder, "--sha256", packed["manifest_sha256"], **there)
    assert (imported.exit_code, "every figure is that of the events" in imported.output) == (0, True)
    assert run("tenant", "export", tenant, "--hand-over").output == f"tenant {tenant} has moved\n"
    assert "has moved to https://new.example" in str(run("events", "--tenant", tenant).exception)
    verified = run("audit", "verify", "--tenant", tenant, "--closely", **there)
    assert (verified.exit_code, "clean" in verified.output) == (0, True)
    assert run("ask", "And on Sundays?", "--tenant", tenant, **there).exit_code == 0
