"""`retrace work`: rows are shown whole, retried and parked by what is shown."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from uuid import UUID, uuid4

import psycopg
import pytest

from interfaces.cli.base import print_table
from tests.interfaces.conftest import Run

KEY = "0190a1b2-0000-7000-8000-" + "c" * 12
HOUR = "interval '1 hour'"


@pytest.fixture(name="owe")
def _owe(database_url: str) -> Callable[[str], UUID]:
    def owe(state: str) -> UUID:
        """A row of work with this key in a tenant of its own; `state`: its columns wake_at, lease_until, parked_at, attempts."""
        tenant = uuid4()
        with psycopg.connect(database_url, autocommit=True) as superuser:
            superuser.execute("INSERT INTO retrace.heads (tenant, seq) VALUES (%s, 0)", [tenant])
            superuser.execute(
                "INSERT INTO retrace.work (tenant, kind, key, due_at, wake_at, lease_until, parked_at, attempts) "
                f"SELECT %s, 'answer', %s, now(), {state}".encode(),
                [tenant, KEY],
            )
        return tenant

    return owe


@pytest.mark.parametrize(
    "state",
    [
        "now(), NULL, now(), 9",
        f"now() + {HOUR}, NULL, NULL, 3",
        f"now() + {HOUR}, NULL, NULL, 0",
        f"now() + {HOUR}, now() - {HOUR}, NULL, 1",
    ],
    ids=["parked", "failed", "its time is later", "its worker is gone"],
)
def test_retry_makes_a_row_due_whatever_it_waits_for(
    run: Run, owe: Callable[[str], UUID], state: str
) -> None:
    tenant = owe(state)
    done = run("work", "retry", "--tenant", str(tenant), "answer", KEY)
    assert (done.exit_code, done.output) == (0, "due now\n")
    assert " due " in run("work", "list", "--tenant", str(tenant)).output


def test_what_a_worker_is_doing_stays_and_what_is_not_there_is_told(
    run: Run, owe: Callable[[str], UUID]
) -> None:
    tenant = owe(f"now() + {HOUR}, now() + {HOUR}, NULL, 1")
    refused = run("work", "retry", "--tenant", str(tenant), "answer", KEY)
    assert refused.exit_code == 1
    assert "is being done right now, until" in str(refused.exception)
    missing = run("work", "retry", "--tenant", str(tenant), "answer", "another")
    assert f"`retrace work list --tenant {tenant}`" in str(missing.exception)
    assert run("work", "park", "--tenant", str(tenant), "answer", KEY).output == "parked\n"
    again = run("work", "park", "--tenant", str(tenant), "answer", KEY)
    assert "parked already" in str(again.exception)


def test_a_piped_table_has_a_line_a_row_with_all_words_whole(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[uuid4(), "x" * 300, "many words " * 40, None, "[red]"] for _ in range(3)]
    print_table("title", ["tenant", "key", "error", "note", "markup"], rows)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["tenant", "key", "error", "note", "markup"]
    assert lines[2:] == [[str(id), key, *words.split(), markup] for id, key, words, _, markup in rows]


def test_a_narrow_terminal_breaks_lines_between_words_only() -> None:
    script = (
        "from interfaces.cli.base import print_table\n"
        f"print_table(None, ['tenant', 'key', 'error'], [['{KEY}', '{KEY}', 'some words of an error']])"
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "50", "TERM": "dumb"}
    process = subprocess.Popen([sys.executable, "-c", script], stdout=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # so a terminal says that its other side is gone
        pass
    finally:
        os.close(ours)
    assert process.wait() == 0
    words = shown.decode().split()
    assert words.count(KEY) == 2
    assert {"some", "words", "of", "an", "error"} <= set(words)
