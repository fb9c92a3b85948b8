"""The statements of this program: texts in its code, and the newest text of each function of the schema."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
FLOORS = ("infra", "projections", "application", "interfaces")
SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|LOCK TABLE|SET LOCAL)\b")
FUNCTION = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (?:retrace\.)?(\w+)\s*\(.*?\$\$(.*?)\$\$", re.DOTALL)
COMMENT = re.compile(r"--[^\n]*")


@cache
def texts() -> list[tuple[str, str]]:
    """Where, and the statement; what is put into an f-string is an x there."""
    found = []
    for floor in FLOORS:
        for file in sorted((ROOT / floor).rglob("*.py")):
            tree = ast.parse(file.read_text())
            docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            parts = {
                id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
            }
            left_out = docs | parts
            for node in ast.walk(tree):
                if id(node) not in left_out and SQL.search(text := _text(node)):
                    found.append((f"{file.relative_to(ROOT)}:{node.lineno}", text))  # type: ignore[attr-defined]
    return found


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        value = node.value.decode(errors="replace") if isinstance(node.value, bytes) else node.value
        return " ".join(value.split()) if isinstance(value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "x" for v in node.values)
    return ""


def functions(folder: Path) -> dict[str, str]:
    """Name → its newest body, without comments."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.sql")):
        for name, body in FUNCTION.findall(COMMENT.sub("", file.read_text())):
            found[name] = " ".join(body.split())
    return found
