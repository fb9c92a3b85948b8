"""A form that sends what a route takes; and how a template draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from litestar.handlers import HTTPRouteHandler

from domain.base.errors import Refusal
from interfaces.http.console.screens.fields import Field, fields_of_body, label_of
from interfaces.http.console.screens.wrong import Given, Sent, given_of

Facts = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Form:
    """`route` takes `body` (None: it takes none), or what `into` makes of that: where a body is not of fields, `body` has the fields to ask for. `current`: from what the page's reads answered, what stands in the fields. `fixed`: fields of
    the body that nobody fills in; a text may have path parameters. `sections`: fields below headings. `secrets`: fields that are never shown again.

    `to`: where one is afterwards, with path parameters and `{id}` of what was made; empty: on the same page. `done` is said there. `confirm`: what
    a page that asks first says will follow, of what can't be undone. `answer`: a template that shows the answer, this once; `shows`: whether it has something
    to be shown so, else as without it. `of`: the read
    whose version it is about, where that is not the first. `options`: what fields choose from. `shares`: fields that stand there with %.
    `offered`: whether the page has it now. These follow from its facts.
    """

    route: HTTPRouteHandler
    button: str
    body: type[msgspec.Struct] | None = None
    into: Callable[[Any], Any] | None = None
    to: str = ""
    done: str = "Saved."
    current: Callable[[Facts], Any] | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    shares: Callable[[Facts], tuple[str, ...]] | None = None
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    options: Callable[[Facts], Mapping[str, list[str]]] | None = None
    of: str = ""
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    confirm: str = ""
    answer: str = ""
    shows: Callable[[Any], bool] | None = None
    danger: bool = False
    rate: str | None = None
    offered: Callable[[Facts], bool] | None = None


class Shown(NamedTuple):
    """A form as a template draws it."""

    action: str
    button: str
    fields: list[Field]
    given: Given | None
    version: int | None
    confirm: str
    danger: bool
    sections: Mapping[str, tuple[str, ...]]

    @property
    def groups(self) -> list[tuple[str, list[Field]]]:
        """The fields of each part of the body beside each other, with the part's label; those that are of none without one."""
        found: list[tuple[str, list[Field]]] = []
        placed = {name for names in self.sections.values() for name in names}
        for legend, names in self.sections.items():
            found.append((legend, [each for name in names for each in self.fields if each.name == name]))
        for each in self.fields:
            if each.name in placed:
                continue
            part, dot, _ = each.name.partition(".")
            legend = label_of(part) if dot else ""
            if not found or found[-1][0] != legend:
                found.append((legend, []))
            found[-1][1].append(each.within(legend))
        return found


def shown_form(
    form: Form, action: str, facts: Facts, version: int | None, wrong: tuple[Refusal, Sent] | None
) -> Shown:
    """`version`: of what the page shows. `wrong`: how the route refused what was sent."""
    current = form.current(facts) if form.current is not None else None
    fields = _fields(form, current, None)
    given = given_of(*wrong, [each.name for each in fields]) if wrong else None
    if given is not None:
        fields = _fields(form, current, given)
    if form.shares is not None and given is None:
        shares = form.shares(facts)
        fields = [each.with_percent() if each.name in shares else each for each in fields]
    if form.options is not None:
        offered = form.options(facts)
        fields = [each.among(offered[each.name]) if each.name in offered else each for each in fields]
    fields = [each.hidden() if each.name in form.secrets else each for each in fields]
    seen = version if "versioned" in form.route.opt else None
    return Shown(action, form.button, fields, given, seen, form.confirm, form.danger, form.sections)


def _fields(form: Form, current: Any, given: Given | None) -> list[Field]:
    if form.body is None:
        return []
    return fields_of_body(
        form.body,
        current,
        given,
        only=form.only,
        without=(*form.without, *form.fixed),
        labels=form.labels,
        hints=form.hints,
    )
