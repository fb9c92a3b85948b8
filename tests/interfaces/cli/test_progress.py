"""Long commands show how far they are: on a terminal's standard error, and not with --json."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from rich.console import Console

from application.tenancy.tenant import CreateTenant, create_tenant
from interfaces.cli import bar
from tests.infra.log.parts import context, log_on, now, started
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> UUID:
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        conversation = started()
        await log.store.save(conversation, context=context(made.tenant))
        await log.snapshots.save(conversation, made.tenant)
    return made.tenant


@pytest.fixture(name="seen")
def _seen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal shows."""
    seen = io.StringIO()
    console = Console(file=seen, force_terminal=True, width=160)
    monkeypatch.setattr(bar, "_shown", lambda quiet: (console, quiet))
    return seen


COMMANDS = {
    "invariants": ("events", ["invariants"]),
    "replay prices": ("events", ["replay", "prices"]),
    "replay routing": ("events", ["replay", "routing"]),
    "audit verify": ("events", ["audit", "verify"]),
    "reconcile": ("events", ["reconcile"]),
    "snapshots check": ("snapshots", ["snapshots", "check"]),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_bar_has_a_total_and_is_left_out_for_programs(
    name: str, run: Run, tenant: UUID, seen: io.StringIO
) -> None:
    unit, words = COMMANDS[name]
    assert run(*words, "--tenant", str(tenant), "--json").exit_code == 0
    assert seen.getvalue() == ""
    shown = run(*words, "--tenant", str(tenant))
    assert shown.exit_code == 0, shown.output
    assert unit in seen.getvalue()
    assert "/?" not in seen.getvalue().replace(" ", "")
    assert "━" not in shown.output  # what it prints stays what it was


def test_an_export_and_a_backup_show_how_far_they_are(
    run: Run, tenant: UUID, seen: io.StringIO, tmp_path: Path
) -> None:
    assert run("audit", "export", "--tenant", str(tenant), "--to", str(tmp_path / "export")).exit_code == 0
    assert "exporting" in seen.getvalue()
    assert run("backup", str(tmp_path / "backup")).exit_code == 0
    assert "hashing files" in seen.getvalue() or "copying the database" in seen.getvalue()


def test_a_bar_goes_to_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda t=terminal: t, raising=False)
        console, left_out = bar._shown(False)
        assert console.stderr
        assert left_out is not terminal
        assert bar._shown(True)[1]
