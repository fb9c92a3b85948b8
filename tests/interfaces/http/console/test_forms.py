"""Forms that follow from a body's type: what stands in them, sent as it stands, makes the same body."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.datastructures import FormMultiDict

from domain.agents.configuration import AgentConfiguration
from domain.base.errors import Conflict, Invalid, Refused
from domain.campaigns.plan import Plan as CampaignPlan
from domain.flags.plan import Plan
from domain.insight.alerts.rule import Rule
from interfaces.http import EXAMPLES
from interfaces.http.actions.forms import ActionIn, ActionOut
from interfaces.http.console import administration, agent, alerts, models, review
from interfaces.http.console.agent.action_fields import ActionFields, declared, fields_of
from interfaces.http.console.screens.cells import line_of, lines_of
from interfaces.http.console.screens.fields import fields_of_body
from interfaces.http.console.screens.reading import body_of
from interfaces.http.console.screens.wrong import given_of
from interfaces.http.models.price import PriceIn
from interfaces.http.shop.product_forms import ProductIn
from interfaces.http.shop.service import ServiceIn

SCREENS = (*alerts.SCREENS, *agent.SCREENS, *review.SCREENS, *models.SCREENS, *administration.SCREENS)
FORMS = {
    (next(iter(form.route.http_methods)).lower(), path.replace(":str", "").replace(":uuid", "")): form
    for screen in SCREENS
    for form in screen.forms.values()
    if form.body is not None and form.into is None
    for path in form.route.paths
}


def sent(body: type[msgspec.Struct], current: Any, without: tuple[str, ...]) -> FormMultiDict:
    """As a browser sends what stands in the fields."""
    found: list[tuple[str, str]] = []
    for field in fields_of_body(body, current, without=without):
        values = field.value if isinstance(field.value, list) else [field.value]
        found += [(field.name, value.replace("\n", "\r\n")) for value in values]
    return FormMultiDict(found)


@pytest.mark.parametrize("route", [each for each in FORMS if each in EXAMPLES], ids=str)
def test_an_example_of_the_api_goes_through_its_form_and_back(route: tuple[str, str]) -> None:
    form = FORMS[route]
    assert form.body is not None
    example = {name: value for name, value in EXAMPLES[route].items() if name not in form.without}
    known = msgspec.convert(example, form.body, strict=False)
    assert body_of(form.body, sent(form.body, known, form.without)) == known


def test_an_action_goes_through_its_form_and_back() -> None:
    example: dict[str, Any] = EXAMPLES["put", "/v1/actions/{name}"]
    targets = (example["target"], {"type": "mcp", "url": "https://mcp.example.com", "tool": "status"})
    for more in (
        {},
        {"consent": "customer", "bound": {"order": "channel"}, "rule": {"words": ["now, please"]}},
    ):
        for target in targets:
            known = msgspec.convert({**example, **more, "target": target}, ActionIn)
            shown = fields_of(ActionOut(name="a", action=known.declaration(), authorized=False))
            assert declared(body_of(ActionFields, sent(ActionFields, shown, ()))) == known


def test_what_is_emptied_is_none_and_a_part_with_nothing_in_it_is_none() -> None:
    form = FormMultiDict(
        [("steps", "10, 5\n100"), ("limits.latency_ms.worse", ""), ("limits.cost.most", "2")]
    )
    plan = body_of(Plan, form)
    assert [(step.percentage, step.hold_hours) for step in plan.steps] == [(10, 5), (100, 0)]
    assert (plan.limits.latency_ms, plan.limits.cost.most if plan.limits.cost else None) == (None, 2)
    assert plan.limits.failure_rate == Plan().limits.failure_rate, "what was not sent has its default"


def test_each_field_says_what_is_wrong_with_it() -> None:
    form = FormMultiDict([("model", ""), ("input", "cheap"), ("output", ""), ("since", "soon")])
    with pytest.raises(Invalid) as refused:
        body_of(PriceIn, form)
    names = [each.name for each in fields_of_body(PriceIn)]
    given = given_of(refused.value, form, names)
    assert set(given.errors) == {"model", "input", "output", "since"}
    assert given.errors["input"] == "This is a number."
    again = {each.name: each for each in fields_of_body(PriceIn, None, given)}
    assert (again["input"].value, again["since"].value) == ("cheap", "soon")


def test_a_refusal_stands_beside_the_field_that_it_names_and_a_conflict_above_the_form() -> None:
    form = FormMultiDict([("quality_score", "4")])
    names = ["quality_score", "category"]
    given = given_of(Refused("the category must be another one"), form, names)
    assert given.errors == {"category": "The category must be another one."}
    late = given_of(Conflict("somebody was first; it is at version 7 now", version=7), form, names)
    assert (late.errors, "send it again" in late.summary) == ({}, True)


def test_a_share_is_shown_and_taken_with_percent() -> None:
    rule = Rule(metric="handoff_rate", threshold=0.125, window_minutes=60, hysteresis=0.1)
    shown = {each.name: each for each in fields_of_body(Rule, rule)}
    assert shown["threshold"].with_percent().value == "12.5 %"
    assert shown["warning"].with_percent().value == ""
    for typed, taken in (("12.5 %", 0.125), ("20%", 0.2), ("0.2", 0.2), ("120 %", 1.2)):
        assert body_of(Rule, FormMultiDict({"metric": "handoff_rate", "threshold": typed})).threshold == taken
    with pytest.raises(Invalid, match="this is a number"):
        body_of(Rule, FormMultiDict({"metric": "handoff_rate", "threshold": "much %"}))


cells = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Z")) | st.sampled_from(' ,"\n'), max_size=12
).map(str.strip)


@given(st.lists(st.lists(cells, min_size=1, max_size=4).filter(any), max_size=4))
def test_what_stands_in_lines_comes_back(rows: list[list[str]]) -> None:
    found = lines_of("\n".join(map(line_of, rows)).replace("\n", "\r\n"))
    for row in rows:
        while not row[-1]:
            row.pop()
    assert [[cell.replace("\r\n", "\n") for cell in row] for row in found] == rows


def test_what_has_a_fixed_shape_is_asked_for_by_lines_and_not_as_json() -> None:
    kinds = {
        (body.__name__, each.name): each.control.kind
        for body in (CampaignPlan, ProductIn, ServiceIn, AgentConfiguration)
        for each in fields_of_body(body)
    }
    assert kinds["Plan", "message.buttons"] == kinds["ServiceIn", "availability.weekly"] == "rows"
    assert kinds["ProductIn", "price"] == kinds["ProductIn", "currency"] == "text"
    assert kinds["AgentConfiguration", "synonyms"] == "groups"
    with pytest.raises(Invalid, match="a quote is open"):
        body_of(ServiceIn, FormMultiDict({"name": "n", "availability.weekly": '"09:00, 17:00'}))
