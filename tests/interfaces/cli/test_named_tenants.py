"""A tenant that there is not, in every command and every operator's route that takes one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import click
import pytest

from domain.base.errors import NotFound
from interfaces.cli import cli
from interfaces.cli.named_tenant import check_tenant, tenant_id
from tests.interfaces.conftest import Run


def commands(group: click.Group, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)
        else:
            assert command is not None
            yield (*words, name), command


def tenant_of(command: click.Command) -> click.Parameter | None:
    return next((each for each in command.params if "--tenant" in each.opts), None)


NAMING = {words: command for words, command in commands(cli) if tenant_of(command) is not None}


def filled(command: click.Command, file: Path) -> list[str]:
    """What a command needs besides, of no tenant's."""
    words = ["--yes"] if any("--yes" in each.opts for each in command.params) else []
    for param in command.params:
        text = isinstance(param, click.Argument) and param.type is click.STRING
        if param.name == "tenant_id" or not (param.required or text):
            continue
        value = _value(param, file)
        words += [value] if isinstance(param, click.Argument) else [param.opts[0], value]
    return words


def _value(param: click.Parameter, file: Path) -> str:
    match param.type:
        case click.types.UUIDParameterType():
            return str(uuid4())
        case click.Path(exists=True):
            return str(file)
        case click.Path():
            return str(file.parent / "new")
        case click.Choice(choices=choices):
            return str(choices[0])
        case click.types.IntParamType():
            return "1"
    return f"conversation/{uuid4()}" if param.name == "stream" else "1"


@pytest.mark.parametrize("words", NAMING, ids=" ".join)
def test_no_command_takes_a_tenant_that_there_is_not_for_one_without_anything(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "file.json"
    file.write_text("{}")
    command, unknown = NAMING[words], str(uuid4())
    result = run(*words, *filled(command, file), "--tenant", unknown)
    assert isinstance(result.exception, NotFound), result.output
    assert f"there is no tenant {unknown}" in str(result.exception)
    assert "retrace tenant list" in str(result.exception)
    misspelt = run(*words, *filled(command, file), "--tenant", "shop")
    assert misspelt.exit_code == 2
    assert "retrace tenant list" in misspelt.output


def test_every_option_for_a_tenant_is_checked_by_the_same_mechanism() -> None:
    assert len(NAMING) >= 25
    for words, command in NAMING.items():
        param = tenant_of(command)
        assert param is not None
        assert param.name == "tenant_id", words
        assert isinstance(param.type, click.types.FuncParamType), words
        assert param.type.func is tenant_id, words


class Directory:
    def __init__(self, *tenants: UUID) -> None:
        self._tenants = tenants

    async def tenants(self, *, after: UUID, limit: int) -> list[UUID]:
        return sorted(self._tenants)[:limit]

    async def has(self, tenant: UUID) -> bool:
        return tenant in self._tenants


async def test_an_id_that_is_written_much_the_same_is_proposed() -> None:
    there = UUID("0190a1b2-c3d4-7e5f-8a6b-0123456789ab")
    directory = Directory(there, UUID("0190a1b2-c3d4-7e5f-9fff-ffffffffffff"))
    await check_tenant(there, directory)
    with pytest.raises(NotFound, match=f"did you mean {there}\\?"):
        await check_tenant(UUID("0190a1b2-c3d4-7e5f-8a6b-0123456798ab"), directory)
    with pytest.raises(NotFound) as raised:
        await check_tenant(uuid4(), directory)
    assert "did you mean" not in str(raised.value)


def test_a_tenant_that_there_is_has_an_empty_answer_and_no_error(run: Run) -> None:
    made = json.loads(run("tenant", "create", "Shop", "--json").output)
    result = run("audit", "verify", "--tenant", made["tenant"])
    assert (result.exit_code, "clean" in result.output) == (0, True)
