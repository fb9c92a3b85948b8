"""Lists of what has parts of its own, by lines: dates with their windows, templates, price tiers, cases. Each is read back as it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, str]]
YES = ("true", "yes", "approved")
ROLES = {"customer": "user", "business": "assistant"}
NEVER: dict[str, str] = {}
"""The windows of a date on which it is closed, as one line."""


def read_dates(rows: Rows) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        windows = found.setdefault(_needed(row, "date"), [])
        if "opens" in row or "closes" in row:
            windows.append({"opens": _needed(row, "opens"), "closes": _needed(row, "closes")})
    return [{"date": day, "windows": windows} for day, windows in found.items()]


def write_dates(dates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"date": each["date"], **window} for each in dates for window in each["windows"] or [NEVER]]


def read_templates(rows: Rows) -> dict[str, Any]:
    return {
        _needed(row, "name"): {
            "content": _needed(row, "content"),
            "language": _needed(row, "language"),
            "approved": row.get("approved", "").lower() in YES,
        }
        for row in _once(rows, "name")
    }


def write_templates(templates: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, **each} for name, each in templates.items()]


def read_tiers(rows: Rows) -> list[dict[str, Any]]:
    """A line with a number in `above` is what its tier costs for longer prompts."""
    tiers: dict[str, dict[str, Any]] = {}
    for row in _once(rows, "name", "above"):
        name = _needed(row, "name")
        if "above" not in row:
            tiers[name] = {**row, "long_context": []}
        elif name not in tiers:
            raise ValueError(f"{name[:40]} begins with a line with above; write the one without it first")
        else:
            tiers[name]["long_context"].append({key: row[key] for key in row if key != "name"})
    return list(tiers.values())


def write_tiers(tiers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        row
        for tier in tiers
        for row in (tier, *({"name": tier["name"], **each} for each in tier["long_context"]))
    ]


def read_cases(rows: Rows) -> list[dict[str, Any]]:
    return [{**row, "context": list(map(_turn, _lines(row.get("context", ""))))} for row in rows]


def write_cases(cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    said = {role: name for name, role in ROLES.items()}
    return [
        {**each, "context": "\n".join(f"{said[turn['role']]}: {turn['text']}" for turn in each["context"])}
        for each in cases
    ]


def _turn(line: str) -> dict[str, str]:
    who, colon, text = line.partition(":")
    if not colon or who.strip().lower() not in ROLES:
        raise ValueError(
            f"what was said before is lines that begin with customer: or business:, and {line[:40]!r} does not"
        )
    return {"role": ROLES[who.strip().lower()], "text": text.strip()}


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _needed(row: Mapping[str, str], name: str) -> str:
    if name not in row:
        raise ValueError(f"a line has no {name.replace('_', ' ')}")
    return row[name]


def _once(rows: Rows, *names: str) -> Rows:
    seen = [tuple(row.get(name, "") for name in names) for row in rows]
    if twice := next((each for each in seen if seen.count(each) > 1), None):
        raise ValueError(f"{twice[0][:40]!r} stands there twice")
    return rows
