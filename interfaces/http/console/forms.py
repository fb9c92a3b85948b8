"""Forms: what was sent, what was wrong with it, and the question before what can't be undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response

from domain.base.errors import Refusal
from interfaces.bootstrap import Services
from interfaces.http.console.page import page

FORM = ""
"""Name of the field whose error is about the form as a whole."""


async def fields_of(request: Request[Any, Any, Any], **longest: int) -> dict[str, str]:
    """The form's fields of these names, each cut off one character behind its longest length; empty where one was not sent."""
    form = await request.form()
    found = {name: form.get(name) for name in longest}
    return {
        name: value[: longest[name] + 1] if isinstance(value, str) else "" for name, value in found.items()
    }


def sentence(error: Refusal) -> str:
    """Its words, as they stand on a page."""
    return f"{error.detail[:1].upper()}{error.detail[1:]}."


def errors_of(error: Refusal, *names: str, **fields: str) -> dict[str, str]:
    """A refusal beside its fields: name of the form's field → what is wrong; what is about none of them is under `FORM`.

    `names`: fields that the form has; `fields`: name in the form → name in the problem, where the two differ.
    """
    ours = {name: name for name in names} | {there: here for here, there in fields.items()}
    found: dict[str, str] = {}
    told = error.facts.get("errors", [])
    for each in told if isinstance(told, list) else []:
        place = str(each["field"]).removeprefix("$").lstrip(".")
        name = ours.get(place) or ours.get(place.partition(".")[0].partition("[")[0], FORM)
        found.setdefault(name, f"{each['message'][:1].upper()}{each['message'][1:]}.")
    if not found:
        at = next((here for there, here in ours.items() if error.detail.startswith(f"{there} ")), FORM)
        found[at] = sentence(error)
    return found


def confirm(
    request: Request[Any, Any, Any],
    services: Services,
    *,
    title: str,
    text: str,
    button: str,
    action: str,
    back: str,
    sent: Mapping[str, str] | None = None,
) -> Response[str]:
    """The page before what can't be undone. `text` says what will be; `sent`: the form's hidden fields, beside `sure=yes`."""
    return page(
        request,
        services,
        "confirm.html",
        title=title,
        text=text,
        button=button,
        action=action,
        back=back,
        sent=dict(sent or {}),
    )
