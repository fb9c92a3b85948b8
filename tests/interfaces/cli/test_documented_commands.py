"""Whoever follows the docs on a new deployment gets what they say: each command in a fenced block, in its order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fenced import commands
from tests.interfaces.conftest import Run

APART = {
    ("up",): "runs until it is stopped: tests/interfaces/test_supervisor.py",
    ("backup",): "asks for PostgreSQL's programs: tests/infra/test_backup.py",
    ("restore",): "starts servers of its own: tests/infra/test_backup.py",
    ("doctor",): "is well only where something runs: tests/interfaces/test_doctor.py",
    ("keys", "new"): "asks a Vault: tests/infra/crypto/test_kms.py",
    (
        "replay",
        "answers",
        "--tenant",
        "ID",
        "--resume",
    ): "asks for one that was cut off: tests/interfaces/cli/test_replay_answers_command.py",
    ("conversation",): "asks for a conversation: tests/interfaces/cli/test_conversation_commands.py",
    ("tenant", "move"): "asks for a second deployment: tests/interfaces/cli/test_move_command.py",
    ("tenant", "export"): "asks for a second deployment: tests/interfaces/cli/test_move_command.py",
    ("tenant", "import"): "asks for a second deployment: tests/interfaces/cli/test_move_command.py",
    ("why",): "asks for an answer: tests/interfaces/cli/test_look_commands.py",
}
"""First words → why it is not run here."""

HERE = {
    tuple(words): page for page, words in commands() if not any(tuple(words[: len(a)]) == a for a in APART)
}
"""Words → the last page that has them: what stands on several is run once."""


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("prices") / "model_prices_and_context_window.json"
    entry = {"litellm_provider": "openai", "mode": "chat", "max_input_tokens": 1000, "max_output_tokens": 100}
    entry |= {"input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06}
    file.write_text(json.dumps({f"gpt-x{number}": entry for number in range(60)}))
    return file


def test_commands_are_found_and_what_is_not_run_here_is_there() -> None:
    assert len(HERE) >= 10
    for first in APART:
        assert any(tuple(words[: len(first)]) == first for _, words in commands()), first


def test_each_command_does_what_it_says_on_a_new_deployment(run: Run, prices: Path) -> None:
    tenant = json.loads(run("tenant", "create", "New", "--json").output)["tenant"]
    for words, page in HERE.items():
        result = run(*filled(words, tenant, prices))
        assert result.exit_code == 0, (page, words, result.output, result.exception)


def filled(words: tuple[str, ...], tenant: str, prices: Path) -> list[str]:
    """A command as somebody would give it who has read the line."""
    known = {"ID": tenant, "FILE": str(prices), "TABLE": "current"}
    return [known.get(word, word.partition("|")[0]) for word in words if word != "--follow"]
