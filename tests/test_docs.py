"""The docs name everything that a user can meet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from domain.insight.alerts.defaults import DEFAULTS
from domain.kinds import TOPICS
from infra.settings import FIELDS
from interfaces.cli import cli
from projections import PROJECTIONS
from projections.business import BusinessFigures
from projections.operations import OperationsFigures
from projections.quality import QualityFigures
from tests import fenced

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDES = DOCS / "guides"


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


def test_links_into_pages_name_a_heading() -> None:
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for link, anchor in re.findall(r"\]\(((?!https?:)[^)#]*)#([^)]+)\)", page.read_text()):
            target = page.parent / link if link else page
            if target.suffix == ".md":
                assert anchor in anchors(target), f"{page.name} links to {link}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Headings as GitHub makes addresses of them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    plain = (re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


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


def test_each_fenced_command_exists_with_its_options() -> None:
    found = fenced.commands()
    assert len(found) > 40
    assert [
        told for page, words in found if (told := wrong_with(words)) and (told := f"{page}: {told}")
    ] == []


def wrong_with(words: list[str]) -> str | None:
    """What of a command the command line does not have; None: nothing. Words in capitals stand for what somebody gives."""
    command: click.Command = cli
    rest = [word.partition("|")[0] for word in words]
    while isinstance(command, click.Group):
        below = command.get_command(click.Context(command), rest[0]) if rest else None
        if below is None:
            return f"there is no command {' '.join(words)}"
        command, rest = below, rest[1:]
    known = {option for each in command.params for option in [*each.opts, *each.secondary_opts]}
    unknown = [
        word for word in rest if word.startswith("--") and word.partition("=")[0] not in {*known, "--help"}
    ]
    return f"{' '.join(words)} has no {', '.join(unknown)}" if unknown else None


def test_a_command_that_is_wrong_is_told() -> None:
    assert wrong_with(["audit", "verify", "--tenant", "ID", "--closely"]) is None
    assert wrong_with(["audit", "verify", "--deeply"]) == "audit verify --deeply has no --deeply"
    assert wrong_with(["audit", "burn"]) == "there is no command audit burn"


@pytest.mark.parametrize("page", sorted(path.name for path in GUIDES.glob("*.md")))
def test_every_guide_is_in_the_table_of_contents_and_no_longer_than_a_sitting(page: str) -> None:
    lines = (GUIDES / page).read_text().splitlines()
    assert page == "README.md" or f"]({page})" in (GUIDES / "README.md").read_text()
    assert len(lines) <= 110
    if page != "README.md":
        assert any(line.startswith("At the end ") for line in lines[:6]), (
            "it begins with what you have at its end"
        )


def test_every_alert_has_a_runbook() -> None:
    """Prometheus's rules, and those that every tenant has."""
    rules = re.findall(
        r"^ +- alert: (\w+)$", (DOCS / "prometheus/retrace.rules.yaml").read_text(), re.MULTILINE
    )
    headings = re.findall(r"^### (.*)$", (GUIDES / "operations.md").read_text(), re.MULTILINE)
    assert len(rules) > 15
    assert [name for name in [*rules, *DEFAULTS] if headings.count(name) != 1] == []
    assert [name for name in headings if name not in {*rules, *DEFAULTS}] == [], "a runbook of no alert"


@pytest.mark.parametrize("figures", [QualityFigures, BusinessFigures, OperationsFigures])
def test_every_figure_of_analytics_is_in_the_glossary(figures: type[msgspec.Struct]) -> None:
    rows = "\n".join(
        line.split("|")[1]
        for line in (GUIDES / "success-metrics.md").read_text().splitlines()
        if line.startswith("| `")
    )
    names = [
        field.name
        for field in msgspec.structs.fields(figures)
        if field.name not in ("since", "until", "value")
    ]
    assert len(names) > 10
    assert [name for name in names if f"`{name}`" not in rows] == []
