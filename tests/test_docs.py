"""The docs name everything that a user can meet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from domain.kinds import TOPICS
from infra.settings import FIELDS
from interfaces.cli import cli
from projections import PROJECTIONS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def commands(command: click.Command, name: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            below = command.get_command(context, word)
            assert below is not None
            yield from commands(below, f"{name} {word}")
    else:
        yield name


@pytest.mark.parametrize("setting", FIELDS)
def test_every_setting_is_described(setting: str) -> None:
    """Those of providers follow from a rule, and have the rule's row."""
    field, text = FIELDS[setting], (DOCS / "settings.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith(f"| `{field.variable}` | `{setting}` |")]
    assert len(rows) == 1, "docs/settings.md has one row a setting"
    if field.setting.between is not None:
        low, high = field.setting.between
        assert f"{low} to {high}" in rows[0]


def test_every_event_projection_and_command_is_named() -> None:
    text = (DOCS / "reference.md").read_text()
    names = [*TOPICS, *(projection.name for projection in PROJECTIONS), *commands(cli, "retrace")]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"


def test_files_that_the_architecture_names_exist() -> None:
    text = (DOCS / "architecture.md").read_text()
    named = set(
        re.findall(
            r"`((?:domain|application|projections|interfaces|infra|tests)/[\w/]+\.(?:py|sql|json))", text
        )
    )
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_picture_of_an_answer_names_what_there_is() -> None:
    (picture,) = re.findall(r"```mermaid\n(.*?)```", (DOCS / "architecture.md").read_text(), re.DOTALL)
    boxes = re.findall(r'\["(\w+)<br>([\w/.]+)"\]', picture)
    assert len(boxes) > 15
    assert len(boxes) == picture.count("<br>"), "a box is a name and the file that defines it"
    for name, file in boxes:
        assert (ROOT / file).exists(), file
        defined = {
            node.name
            for node in ast.walk(ast.parse((ROOT / file).read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        assert name in defined, f"{file} has no {name}"
    ids = set(re.findall(r"(\w+)(?:\[|\()", picture))
    for line in picture.splitlines()[1:]:
        named = re.sub(r'\|".*?"\||\(?\[.*?\]\)?|\[\(.*?\)\]', "", line)
        assert set(re.findall(r"\w+", named)) <= ids, f"an arrow leads nowhere: {line.strip()}"


def test_no_installed_distribution_owns_our_package_names() -> None:
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    for name in ("domain", "application", "projections", "interfaces", "infra"):
        assert set(owners.get(name, [])) <= {"retrace"}


def test_every_metric_is_described() -> None:
    named = {
        name
        for folder in ("infra/metrics", "interfaces")
        for file in (ROOT / folder).glob("*.py")
        for name in re.findall(r'"(retrace_[a-z_]+)"', file.read_text())
        if not name.startswith(
            (
                "retrace_app",
                "retrace_runner",
                "retrace_projector",
                "retrace_eraser",
                "retrace_keeper",
                "retrace_case",
                "retrace_config",
            )
        )
    }
    text = (DOCS / "metrics.md").read_text()
    assert len(named) > 25
    assert sorted(name for name in named if f"`{name}" not in text) == []
