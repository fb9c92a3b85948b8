"""Nothing that was added is silently ignored: what a table of contents does not name fails here, with the line that is missing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import litestar

import application
import domain
import infra.providers
import interfaces.http
import projections
from application.operations.work import kinds
from domain.base.aggregate import Aggregate
from domain.kinds import KINDS
from interfaces.http import EXAMPLES, ROUTERS
from projections import PROJECTIONS

ROOT = Path(__file__).parent.parent


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def folder(module: str) -> str:
    return module.rpartition(".")[0].replace(".", "/")


def aggregates(kind: type[Any]) -> Iterator[type[Any]]:
    """Those that have no kind below them."""
    below = kind.__subclasses__()
    for each in below:
        yield from aggregates(each)
    if not below and kind.__module__.startswith("domain."):
        yield kind


def test_every_aggregate_is_in_its_rooms_table() -> None:
    list(modules(domain))
    missing = [kind for kind in aggregates(Aggregate) if kind.TOPIC and kind not in KINDS]
    assert missing == [], [
        f"add {each.__name__} to AGGREGATES in {folder(each.__module__)}/__init__.py, and the room to domain/kinds.py"
        for each in missing
    ]


def test_every_aggregate_is_under_the_contract_of_independence() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (names,) = [each["modules"] for each in contracts if each["name"] == "aggregates do not know each other"]
    missing = {kind.__module__ for kind in KINDS} - set(names)
    assert missing == set(), "add them to the contract `aggregates do not know each other` in pyproject.toml"


def test_every_projection_is_in_the_table() -> None:
    known = {type(projection) for projection in PROJECTIONS}
    missing = [
        each
        for module in modules(projections)
        for each in vars(module).values()
        if inspect.isclass(each) and each.__module__ == module.__name__
        if hasattr(each, "apply") and hasattr(each, "tables") and each not in known
    ]
    assert missing == [], [
        f"add {each.__name__}() to PROJECTIONS in projections/__init__.py" for each in missing
    ]


def test_every_kind_of_work_has_a_handler() -> None:
    known = kinds(SimpleNamespace())  # type: ignore[arg-type]  # handlers ask for their ports when they work
    for file in (ROOT / "application").rglob("*.py"):
        for constant, name in re.findall(r'^([A-Z_]*WORK) = "(\w+)"', file.read_text(), re.MULTILINE):
            where = f"{constant} of {file.relative_to(ROOT)}"
            assert name in known, (
                f"{where} has no handler: add one to `kinds` in the room's work.py, and the room to application/operations/work.py"
            )


def test_every_rooms_work_is_joined() -> None:
    known = kinds(SimpleNamespace())  # type: ignore[arg-type]
    for module in modules(application):
        if module.__name__.endswith(".work") and module.__name__ != "application.operations.work":
            room = getattr(module, "kinds", lambda _: {})(SimpleNamespace())
            assert room.keys() <= known.keys(), f"add {module.__name__} to application/operations/work.py"


def test_every_router_is_in_its_rooms_table() -> None:
    joined = {id(router) for router in ROUTERS}
    for module in modules(interfaces.http):
        for name, each in vars(module).items():
            if isinstance(each, litestar.Router):
                assert id(each) in joined, (
                    f"add {module.__name__}.{name} to ROUTERS in {folder(module.__name__)}/__init__.py, and the room to interfaces/http/__init__.py"
                )
        examples = getattr(module, "EXAMPLES", {})
        assert examples.keys() <= EXAMPLES.keys(), (
            f"add those of {module.__name__} to interfaces/http/__init__.py"
        )


def test_every_completer_is_made_by_a_line_of_the_table() -> None:
    table = (ROOT / "infra/providers/__init__.py").read_text()
    ours = {"LocalCompleter", "ConfiguredCompleters"}
    for module in modules(infra.providers):
        for each in vars(module).values():
            if inspect.isclass(each) and each.__module__ == module.__name__ and "Completer" in each.__name__:
                assert each.__name__ in ours or each.__name__ in table, (
                    f"add a line to PROVIDERS in infra/providers/__init__.py that makes {each.__name__}"
                )
