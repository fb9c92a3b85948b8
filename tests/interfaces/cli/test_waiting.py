"""What is waited for is told while it is waited for."""

from __future__ import annotations

import io
import time

import pytest

from interfaces import waiting
from interfaces.waiting import Teller
from tests.until import until_now


def test_where_nobody_watches_a_line_breaks_the_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SILENCE", 0.05)
    output = io.StringIO()
    teller = Teller(output)
    with teller.waits("PostgreSQL [18]") as show:
        until_now(lambda: "· waiting for PostgreSQL [18]… 0 s\n" in output.getvalue())
        show("PostgreSQL: it recovers")
        until_now(lambda: "· waiting for PostgreSQL: it recovers… " in output.getvalue())
        teller.say("something else")
    said = output.getvalue()
    assert "· something else\n" in said
    time.sleep(0.2)
    assert output.getvalue() == said


def test_what_is_there_at_once_is_not_waited_for() -> None:
    output = io.StringIO()
    with Teller(output).waits("Redis"):
        pass
    assert output.getvalue() == ""


def test_on_a_terminal_one_line_counts_the_seconds_and_goes_away() -> None:
    output = io.StringIO()
    with Teller(output, terminal=True).waits("PostgreSQL"):
        until_now(lambda: "waiting for PostgreSQL… 1 s" in output.getvalue())
    assert "\n· " not in output.getvalue()


def test_what_fails_meanwhile_is_raised_and_nothing_is_told_any_more() -> None:
    output = io.StringIO()
    with pytest.raises(ValueError, match="no"), Teller(output).waits("PostgreSQL"):
        raise ValueError("no")
