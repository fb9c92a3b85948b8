"""The house stays easy to see: short files, short functions, folders that fit on a screen (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = ("domain", "application", "projections", "interfaces", "infra")
FILES = sorted(file for floor in FLOORS for file in (ROOT / floor).rglob("*.py"))

MOST = 20
"""Files of a folder; those where one looks for a name, and not for a subject, may have more."""

ROWS = {"application/ports", "projections"}
LONG = 60
"""Lines of a function. A longer one says why, in a comment that begins with this word."""

REASON = "# Long: "


def lines_of(file: Path) -> int:
    return len(file.read_text().splitlines())


def functions() -> Iterator[tuple[str, str]]:
    """File and name of each, and its text."""
    for file in FILES:
        text = file.read_text()
        rows = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                yield (
                    f"{file.relative_to(ROOT)} {node.name}",
                    "\n".join(rows[node.lineno - 1 : node.end_lineno]),
                )


def test_a_folder_has_at_most_twenty_files() -> None:
    folders = Counter(str(file.parent.relative_to(ROOT)) for file in FILES if file.name != "__init__.py")
    assert {name: size for name, size in folders.items() if size > MOST and name not in ROWS} == {}


def test_half_of_all_files_have_at_most_eighty_lines_and_nine_of_ten_180() -> None:
    sizes = sorted(map(lines_of, FILES))
    assert statistics.median(sizes) <= 80
    assert sizes[int(len(sizes) * 0.9)] <= 180


def test_a_long_function_says_why() -> None:
    long = {where for where, text in functions() if len(text.splitlines()) > LONG and REASON not in text}
    assert long == set(), f"shorten it, or say why it is long in a comment {REASON!r}"


def test_no_test_module_imports_another() -> None:
    """What several of them need stands in a module beside them."""
    found = [
        f"{file.relative_to(ROOT)}: {line}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for line in re.findall(r"^(?:from|import) tests\.[\w.]*\btest_\w+.*", file.read_text(), re.MULTILINE)
    ]
    assert found == []
