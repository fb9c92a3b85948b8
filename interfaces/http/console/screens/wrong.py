"""What was wrong with a form, and what had been filled in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Protocol

from domain.base.errors import Conflict, Refusal
from interfaces.http.console.screens.controls import Control

OVER = "What you had filled in stands here: send it again to have it in the place of that."


class Sent(Protocol):
    """A form as it was sent: fields by name, several values each."""

    def getall(self, key: str, default: list[Any]) -> list[Any]: ...


class Given(NamedTuple):
    """`errors` by the name of their field; `summary` stands above the form."""

    sent: Sent
    errors: Mapping[str, str]
    summary: str

    def of(self, name: str, control: Control) -> str | list[str]:
        """What stands in a field again."""
        values = [str(value) for value in self.sent.getall(name, []) if isinstance(value, str)]
        if control.kind == "choices":
            return [value for value in values if value]
        return values[-1] if values else ""


def given_of(error: Refusal, sent: Sent, names: Collection[str]) -> Given:
    """`names`: of the form's fields. A refusal that names one stands beside it."""
    told = error.facts.get("errors")
    errors: dict[str, str] = {}
    if isinstance(told, list):
        for each in told:
            errors.setdefault(_place(str(each["field"])), sentence(str(each["message"])))
    elif named := [(at, name) for name in names if (at := _named_at(name, error.detail)) >= 0]:
        errors[min(named)[1]] = sentence(error.detail)
    if isinstance(error, Conflict):
        return Given(sent, errors, f"{sentence(error.detail)} {OVER}")
    there = {name: text for name, text in errors.items() if name in names}
    if there and len(there) == len(errors):
        return Given(sent, there, "Nothing was saved: see below.")
    return Given(sent, there, sentence(error.detail))


def _named_at(name: str, detail: str) -> int:
    """Where a refusal names a field, as it is written or in words; -1 where it does not."""
    last = re.escape(name.rpartition(".")[2])
    found = re.search(rf"\b(?:{last}|{last.replace('_', ' ')})\b", detail)
    return found.start() if found else -1


def sentence(detail: str) -> str:
    """A refusal's words as a sentence."""
    text = f"{detail[:1].upper()}{detail[1:]}"
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _place(path: str) -> str:
    """`$.limits[2].name` → `limits`; the name of the field that shows it."""
    return re.sub(r"^\$\.?|\[.*$", "", path)
