"""`retrace replay answers` as a user runs it, with the built-in model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.interfaces.conftest import Run


@pytest.fixture(name="tenant")
def _tenant(run: Run) -> str:
    """With two answers."""
    tenant: str = json.loads(run("tenant", "create", "Shop", "--json").output)["tenant"]
    for text in ("When are you open?", "I want to talk to a person"):
        assert run("ask", text, "--tenant", tenant, "--customer", text[:4]).exit_code == 0
    return tenant


def test_recorded_answers_are_made_again(run: Run, tenant: str, tmp_path: Path) -> None:
    found = json.loads(run("replay", "answers", "--tenant", tenant, "--json").output)
    assert (found["answers"], found["differing"], found["rows"], found["left_out"]) == (2, 0, [], {})
    told = run("replay", "answers", "--tenant", tenant).output
    assert "2 answers, 0 differ (as-recorded, completions: recorded)" in told
    file = tmp_path / "variant.toml"
    file.write_text('[configuration]\nhandoff_topics = ["open"]\n')
    asked = run("replay", "answers", "--tenant", tenant, "--config", str(file), "--json")
    other = json.loads(asked.stdout)
    assert f"--resume {other['asked']}" in asked.stderr
    assert (other["completions"], other["answers"], other["differing"]) == ("ask", 2, 1)
    (row,) = other["rows"]
    assert row["differs"] == ["answer", "decision"]
    assert (row["recorded"]["kind"], row["replayed"]["kind"]) == ("answer", "hand_over")
    events = run("events", "--tenant", tenant, "--kind", "replay.begun").output
    assert other["asked"] in events
    assert "answers that differ" in run("replay", "answers", "--tenant", tenant, "--config", str(file)).output
    late = run("replay", "answers", "--tenant", tenant, "--since", "2999-01-01", "--json").output
    assert json.loads(late)["answers"] == 0


def test_a_replay_that_asks_models_is_gone_on_with(run: Run, tenant: str, tmp_path: Path) -> None:
    file = tmp_path / "variant.toml"
    file.write_text('[configuration]\nhandoff_topics = ["open"]\n')
    asked = run("replay", "answers", "--tenant", tenant, "--config", str(file), "--json").stdout
    id = json.loads(asked)["asked"]
    again = run("replay", "answers", "--tenant", tenant, "--resume", id, "--json")
    assert (again.stdout, again.stderr) == (asked, "")
    refused = run("replay", "answers", "--tenant", tenant, "--resume", id, "--limit", "1")
    assert (refused.exit_code, "leave out" in refused.output) == (2, True)
    missing = run("replay", "answers", "--tenant", tenant, "--resume", tenant)
    assert missing.exit_code == 1


def test_what_is_no_variant_is_said(run: Run, tenant: str, tmp_path: Path) -> None:
    assert run("replay", "answers", "--tenant", tenant, "--config", "nonesuch.toml").exit_code == 2
    file = tmp_path / "variant.json"
    file.write_text('{"voice": "deep"}')
    refused = run("replay", "answers", "--tenant", tenant, "--config", str(file))
    assert (refused.exit_code, "voice" in refused.output) == (2, True)
    file.write_text('{"configuration": {"voice": "deep"}}')
    refused = run("replay", "answers", "--tenant", tenant, "--config", str(file))
    assert refused.exit_code == 1
    assert "voice" in str(refused.exception)
