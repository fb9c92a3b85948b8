"""`retrace conversation` as a user runs it, and the file as a test of pytest's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.interfaces.conftest import Run


def test_a_conversation_becomes_a_file_and_the_file_a_test(run: Run, tmp_path: Path) -> None:
    tenant = json.loads(run("tenant", "create", "Shop", "--json").output)["tenant"]
    asked = run("ask", "My name is Zora Quill. When are you open?", "--tenant", tenant, "--customer", "zora")
    assert asked.exit_code == 0
    events = json.loads(run("events", "--tenant", tenant, "--kind", "conversation.answered", "--json").output)
    id = events["stream"].partition("/")[2]
    file = tmp_path / "hours.retrace.json"
    made = run("conversation", "export", id, "--redact", "--tenant", tenant, "--to", str(file))
    assert (made.exit_code, "Zora" in file.read_text()) == (0, False)
    assert "1 answers, 1 name masked" in made.stderr
    assert "audit.read" in run("events", "--tenant", tenant, "--kind", "audit.read").output
    twice = run("conversation", "export", id, "--tenant", tenant, "--to", str(file))
    assert "exists already" in str(twice.exception)
    assert "Zora Quill" in run("conversation", "export", id, "--plain").stdout
    missing = run("conversation", "export", tenant)
    assert "there is no conversation" in str(missing.exception)

    same = run("conversation", "replay", str(file))
    assert (same.exit_code, same.output) == (0, "1 answers, 0 differ\n")
    assert run("conversation", "replay", str(file), "--tenant", tenant).exit_code == 0
    variant = tmp_path / "variant.toml"
    variant.write_text('[configuration]\nhandoff_topics = ["open"]\n')
    other = run("conversation", "replay", str(file), "--config", str(variant), "--json")
    (answer,) = json.loads(other.output)["answers"]
    assert (other.exit_code, answer["decision"][1].partition(" ")[0]) == (1, "hand_over")
    assert "+++ now" in answer["text"]
    damaged = tmp_path / "damaged.json"
    damaged.write_text(file.read_text()[:500])
    assert "is no case, or is damaged" in str(run("conversation", "replay", str(damaged)).exception)

    (tmp_path / "test_own.py").write_text(
        "def test_the_fixture(replay_case):\n    assert not replay_case('hours.retrace.json').differing\n"
    )
    assert outcome(tmp_path)[0] == 0
    code, output = outcome(tmp_path, "--retrace-config", "variant.toml", "hours.retrace.json")
    assert code == 1
    assert "case hours" in output
    assert "+++ now" in output


def outcome(folder: Path, *words: str) -> tuple[int, str]:
    """What pytest says of a folder, with the plug-in alone."""
    words = ("-m", "pytest", "-q", "-p", "interfaces.pytest_plugin", *words)
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    ran = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout + ran.stderr
