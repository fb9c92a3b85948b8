"""An error of a body says what could stand in the place: values of a choice, kinds of an object, fields."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from domain.base.wanted import with_what_is_wanted


class Buttons(msgspec.Struct, tag="buttons", forbid_unknown_fields=True):
    size: Literal["small", "large"] | None = None


class Card(msgspec.Struct, tag="card", forbid_unknown_fields=True):
    title: str = ""


class Body(msgspec.Struct, forbid_unknown_fields=True):
    how: Annotated[Literal["always", "never"], msgspec.Meta(description="x")] = "always"
    form: Buttons | Card | None = None
    by_name: dict[str, list[Buttons]] = {}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"how": "maybe"}, "Invalid enum value 'maybe'; it is one of always, never"),
        ({"form": {"type": "list"}}, "Invalid value 'list'; it is one of buttons, card"),
        ({"form": {"type": "buttons", "size": "x"}}, "Invalid enum value 'x'; it is one of large, small"),
        (
            {"by_name": {"a": [{"type": "buttons", "size": "x"}]}},
            "Invalid enum value 'x'; it is one of large, small",
        ),
        ({"hov": "never"}, "Object contains unknown field `hov`; did you mean `how`?"),
        ({"zzzzz": 1}, "Object contains unknown field `zzzzz`; known are how, form, by_name"),
        ({"how": 1}, "Expected `str`, got `int`"),
    ],
)
def test_an_error_says_what_could_stand_there(body: object, told: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(msgspec.json.encode(body), type=Body)
    message, _, place = str(refused.value).partition(" - at ")
    assert with_what_is_wanted(Body, message, place.strip("`") or "$") == told
