"""What holds for all commands."""

from __future__ import annotations

from collections.abc import Iterator

import click

from interfaces.cli import cli

WITHOUT_JSON = {
    "up": "runs",
    "demo": "runs",
    "serve": "runs",
    "worker": "runs",
    "projector": "runs",
    "keys new": "prints one line, the key",
    "conversation export": "prints JSON",
}


def commands(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        below = command.get_command(context, word)
        assert below is not None
        yield from commands(below, f"{name} {word}".strip())


def test_each_command_speaks_to_programs_and_says_what_it_does() -> None:
    found = dict(commands(cli))
    assert len(found) > 60
    without = {
        name
        for name, command in found.items()
        if not any("--json" in parameter.opts for parameter in command.params)
    }
    assert without == set(WITHOUT_JSON)
    for name, command in found.items():
        assert command.help, name
