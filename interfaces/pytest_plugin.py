"""pytest plug-in: a file `*.retrace.json` in a folder of tests is a test, which fails where an outgoing text is another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # loaded where there is a case: pytest starts with every plug-in there is
    from application.replay.cases.run import CaseReplay

ENDING = ".retrace.json"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("retrace", "production cases of Retrace")
    help = "variant of the agent (TOML or JSON) that lies over the one of each case"
    group.addoption("--retrace-config", metavar="FILE", help=help)
    parser.addini("retrace_config", f"{help}, from pytest's root folder")
    group.addoption(
        "--retrace-loose",
        action="store_true",
        help="take what the model said then for another prompt, or model, too",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"retrace_case: made of a file *{ENDING}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    if not file_path.name.endswith(ENDING):
        return None
    found: CaseFile = CaseFile.from_parent(parent, path=file_path)
    return found


class CaseFile(pytest.File):
    def collect(self) -> Iterable[CaseItem]:
        yield CaseItem.from_parent(self, name=self.path.name.removesuffix(ENDING))


class Different(Exception):
    """The text says what."""


class CaseItem(pytest.Item):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.add_marker("retrace_case")

    def runtest(self) -> None:
        from interfaces.cases import told

        found = replayer(self.config)(self.path)
        if found.differing:
            raise Different(told(found))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from domain.base.errors import Refusal

        if isinstance(excinfo.value, Different):
            return str(excinfo.value)
        if isinstance(excinfo.value, Refusal):
            return excinfo.value.detail
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"case {self.name}"


@pytest.fixture
def replay_case(request: pytest.FixtureRequest) -> Callable[..., CaseReplay]:
    """`replay_case(file, variant=None)` → what came of each answer; `.differing` are those that differ."""
    return replayer(request.config)


def replayer(config: pytest.Config) -> Callable[..., CaseReplay]:
    """With what pytest was told of the agent."""

    def replay(file: Path | str, variant: Any = None) -> CaseReplay:
        from application.replay.cases.run import ReplayCase
        from domain.answers.variant import Variant
        from interfaces.cases import case_in, replayed, variant_in

        named = config.getoption("--retrace-config") or config.getini("retrace_config")
        if variant is None:
            variant = variant_in(config.rootpath / named) if named else Variant()
        loose = bool(config.getoption("--retrace-loose"))
        command = ReplayCase(variant=variant, loose=loose)
        return asyncio.run(replayed(case_in(Path(file)), command))

    return replay
