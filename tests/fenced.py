"""The commands and requests that stand in fenced blocks of README and docs/, page by page, in their order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
_REQUEST = re.compile(r"(GET|PUT|POST|PATCH|DELETE) +(/v1/[^ ?]+)(?:\?\S+)?(?: +(\{.*?\})(?= |:|$))?")


class Request(NamedTuple):
    page: str
    """Its path in the project, as `docs/guides/whatsapp.md`."""

    method: str
    path: str
    body: str | None


def _lines() -> list[tuple[str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        (str(page.relative_to(ROOT)), line.strip().removeprefix("$ "))
        for page in pages
        for block in _BLOCK.findall(page.read_text())
        for line in block.replace("\\\n", " ").splitlines()
    ]


def requests() -> list[Request]:
    """As `POST /v1/routing/restore   {"version": 1}: …` has them, and as calls of curl."""
    found = []
    for page, line in _lines():
        if "──" in line:  # a drawing
            continue
        if match := _REQUEST.match(line):
            found.append(Request(page, match[1], match[2], match[3]))
        elif line.startswith("curl "):
            path, body = re.search(r"(/v1/[^\s\"']+)", line), re.search(r"-d '(.*?)'", line)
            assert path is not None, line
            method = re.search(r"-X (\w+)", line)
            found.append(Request(page, method[1] if method else "POST", path[1], body[1] if body else None))
    return found


def commands() -> list[tuple[str, list[str]]]:
    """Page and words of each `retrace …`, without what may be left out."""
    found = []
    for page, line in _lines():
        if match := re.match(r"(?:\S+=\S+ )*(?:\.venv/bin/)?retrace (?!:)(.*)", line):
            text = re.sub(r"\[.*?\]", "", match[1].partition(" #")[0])
            found.append((page, [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', text)]))
    return found
