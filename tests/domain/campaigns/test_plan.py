"""A plan is checked against every limit of WhatsApp's when it is made, and the error names the limit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from domain.base.errors import Invalid
from domain.campaigns.buttons import button_id, button_of
from domain.campaigns.limits import check_message
from domain.campaigns.parts import parts_of
from domain.campaigns.plan import Plan
from domain.campaigns.words import missing, of_name, worded
from domain.conversations.rich import Attachment, Card, QuickReplies

CAMPAIGN = UUID(int=5)
IMAGE = {"url": "https://shop.example.com/a.jpg", "media_type": "image/jpeg"}
VIDEO = {"url": "https://shop.example.com/a.mp4", "media_type": "video/mp4"}
PDF = {"url": "https://shop.example.com/a.pdf", "media_type": "application/pdf"}
MORE = {"title": "More"}
PAGE = {"title": "Shop", "action": "buy", "url": "https://shop.example.com"}
TEMPLATE = {"name": "spring", "body": "Hi {{1}}", "variables": {"1": "you"}}


def plan(message: dict[str, Any], **more: Any) -> Plan:
    return msgspec.convert({"name": "n", "message": message, **more}, Plan)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({}, "a text, a file or a template"),
        ({"text": "x" * 1601}, "at most 1600"),
        ({"text": "é" * 1025, "buttons": [MORE]}, "at most 1024"),
        ({"text": "x" * 1025, "file": IMAGE}, "at most 1024"),
        ({"text": "x", "buttons": [MORE] * 4}, "at most 3"),
        ({"text": "x", "buttons": [MORE, MORE]}, "differ"),
        ({"text": "x", "buttons": [{"title": "x" * 21}]}, "at most 20"),
        ({"buttons": [MORE], "file": IMAGE}, "buttons stand below a text"),
        ({"text": "x", "buttons": [MORE, PAGE]}, "all replies or all links"),
        ({"text": "x", "buttons": [{"title": "a", "action": "link"}]}, "needs a url"),
        ({"text": "x", "buttons": [{"title": "a", "url": "https://a.example"}]}, "opens no page"),
        ({"text": "x", "buttons": [{"title": "a", "action": "reply"}]}, "needs the reply"),
        ({"text": "x", "buttons": [{**PAGE, "url": "http://a.example"}]}, "https://"),
        ({"text": "x", "file": {**IMAGE, "size": 6 * 2**20}}, "5242880"),
        ({"text": "x", "file": {**IMAGE, "size": 6 * 2**20}, "buttons": [{"title": "A"}]}, "5242880"),
        ({"text": "x", "file": {**IMAGE, "media_type": "image/webp"}}, "takes no file of the type"),
        ({"text": "x", "template": TEMPLATE}, "give neither beside it"),
        ({"template": {**TEMPLATE, "variables": {}}}, "names the variables"),
        ({"template": {**TEMPLATE, "variables": {"1": "a\nb"}}}, "line break"),
        ({"template": {**TEMPLATE, "name": "Spring!"}}, "name is one of"),
        ({"text": "Hi {nick}"}, "knows no {nick}; known are: {first_name}, {name}, {product}, {service}"),
        ({"text": "Hi {{name}}"}, "one brace on each side"),
        ({"text": "x" * 1500 + "{name}"}, "has 1620 characters .*each placeholder counts as 120"),
        ({"text": "{name}", "fallbacks": {"name": ""}}, "a text, a file or a template"),
        ({"text": "x", "fallbacks": {"name": "you"}}, "no such placeholder"),
        ({"text": "{name}", "fallbacks": {"name": "a\nb"}}, "is one line"),
        ({"text": "x", "buttons": [{"title": "For {name}"}]}, "stands in a button"),
        (
            {"template": {**TEMPLATE, "variables": {"1": "{name}"}}, "fallbacks": {"name": ""}},
            "1 has 1 to 1600",
        ),
    ],
)
def test_what_is_over_a_limit_is_refused_by_its_name(message: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says.replace("(", r"\(").replace("{", r"\{")):
        plan(message).check()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"time_zone": "Europe/Atlantis"}, "no time zone"),
        ({"quiet_hours": {"begin": "09:00", "end": "09:00"}}, "nothing would ever go out"),
        ({"audience": {"heard_after": "2026-11-30T09:00:00"}}, "needs its offset"),
        (
            {"audience": {"heard_after": "2026-11-30T09:00:00Z", "heard_before": "2026-11-30T09:00:00Z"}},
            "nobody",
        ),
        ({"audience": {"bought": [{"item": str(CAMPAIGN)}]}}, "kind is product or service"),
        ({"name": "  "}, "visible character"),
    ],
)
def test_a_plan_that_can_not_be_meant_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        plan({"text": "x"}, **more).check()


def test_a_message_is_worded_for_each_customer() -> None:
    text = "Hi {first_name},\n{product}\nnews about {service}."
    message = plan({"text": text, "fallbacks": {"first_name": "there", "product": ""}}).message
    check_message(message)
    assert worded(message, {"service": "{name}"}).text == "Hi there,\nnews about {name}."
    values = {**of_name("Ada\u202e  Lovelace"), "service": "Haircut", "product": "Boots"}
    assert worded(message, values).text == "Hi Ada,\nBoots\nnews about Haircut."
    assert missing(message, values) == ()
    assert missing(message, {}) == ("service",)
    template = plan({"template": {**TEMPLATE, "variables": {"1": "{name}"}}}).message
    (part,) = parts_of(worded(template, of_name("Ada")), CAMPAIGN)
    assert (part.text, part.template and part.template.variables) == ("Hi Ada", {"1": "Ada"})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (None, {}),
        ("~ \N{SPARKLES}", {}),
        ("\N{SPARKLES} Zoë", {"name": "\N{SPARKLES} Zoë", "first_name": "Zoë"}),
        ("y" * 200, dict.fromkeys(("name", "first_name"), "y" * 59 + "…")),
    ],
)
def test_a_name_is_put_in_where_it_can_be_read(name: str | None, values: dict[str, str]) -> None:
    assert of_name(name) == values


def test_buttons_need_a_channel_that_has_them() -> None:
    with pytest.raises(Invalid, match="only whatsapp"):
        plan({"text": "x", "buttons": [MORE]}, audience={"channel": "sms"}).check()


@pytest.mark.parametrize(
    ("message", "kinds"),
    [
        ({"text": "x"}, ["x"]),
        ({"text": "x", "buttons": [MORE]}, [QuickReplies]),
        ({"text": "x", "buttons": [PAGE]}, [Card]),
        ({"text": "x", "file": IMAGE}, [Attachment]),
        ({"text": "x", "file": IMAGE, "buttons": [MORE]}, [Card]),
        ({"file": IMAGE}, [Attachment]),
        ({"text": "x", "file": VIDEO}, [Attachment]),
        ({"text": "x", "file": VIDEO, "buttons": [MORE]}, [Attachment, QuickReplies]),
        ({"text": "x", "file": PDF}, [Attachment, "x"]),
        ({"text": "x", "file": PDF, "buttons": [PAGE]}, [Attachment, Card]),
        ({"template": TEMPLATE, "buttons": [{"title": "Yes", "id": "yes"}]}, ["Hi you"]),
    ],
)
def test_a_message_takes_as_few_of_the_channels_as_hold_all_of_it(
    message: dict[str, Any], kinds: list[Any]
) -> None:
    made = plan(message)
    made.check()
    parts = parts_of(made.message, CAMPAIGN)
    assert [part.text if part.rich is None else type(part.rich) for part in parts] == kinds
    if "text" in message:
        assert sum("x" in part.said.split() or part.said.startswith("x\n") for part in parts) == 1


def test_a_button_comes_back_as_the_campaigns() -> None:
    assert button_of(button_id(CAMPAIGN, 2)) == (CAMPAIGN, 2)
    for other in (
        None,
        "",
        "campaign:x:1",
        f"campaign:{CAMPAIGN.hex}:",
        f"rating:{CAMPAIGN.hex}:1",
        f"campaign:{'g' * 32}:1",
    ):
        assert button_of(other) is None


def test_a_templates_button_is_known_by_its_own_id_or_its_title() -> None:
    message = plan({"template": TEMPLATE, "buttons": [{"title": "Yes", "id": "y"}, {"title": "No"}]}).message
    assert [message.pressed(*each) for each in (("y", "Yes"), (None, "No"), ("n", "Never"))] == [0, 1, None]
