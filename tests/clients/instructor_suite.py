"""instructor: objects by tools, by a schema, by JSON, in pieces, of several, and asked for again where they do not fit."""

from __future__ import annotations

from collections.abc import Iterable

import instructor
import openai
import pydantic
import pytest
from conftest import KEY, URL
from instructor.core import InstructorRetryException

MODEL = "openai/gpt-4o-mini"


class Place(pydantic.BaseModel):
    city: str
    people: int


def client(mode: instructor.Mode) -> instructor.Instructor:
    return instructor.from_openai(openai.OpenAI(base_url=URL, api_key=KEY), mode=mode)


MODES = [
    instructor.Mode.TOOLS,
    instructor.Mode.TOOLS_STRICT,
    instructor.Mode.JSON_SCHEMA,
    instructor.Mode.RESPONSES_TOOLS,
]


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_is_an_object(mode: instructor.Mode) -> None:
    asked = [{"role": "user", "content": "'Oslo' has 7 people."}]
    made = client(mode).chat.completions.create(model=MODEL, messages=asked, response_model=Place)
    assert made.model_dump() == {"city": "Oslo", "people": 7}


def test_an_answer_comes_in_pieces() -> None:
    asked = [{"role": "user", "content": "'Oslo' has 7 people."}]
    pieces = list(
        client(instructor.Mode.TOOLS).chat.completions.create_partial(
            model=MODEL, messages=asked, response_model=Place
        )
    )
    assert len(pieces) > 1
    assert pieces[-1].model_dump() == {"city": "Oslo", "people": 7}


def test_several_come_one_by_one() -> None:
    asked = [{"role": "user", "content": "'Oslo' has 7 people."}]
    made: Iterable[Place] = client(instructor.Mode.TOOLS).chat.completions.create_iterable(
        model=MODEL, messages=asked, response_model=Place
    )
    assert [each.model_dump() for each in made] == [{"city": "Oslo", "people": 7}]


def test_one_that_does_not_fit_is_asked_for_again() -> None:
    class Large(Place):
        people: int = pydantic.Field(ge=100)

    asked = [{"role": "user", "content": "'Oslo' has 7 people."}]
    with pytest.raises(InstructorRetryException) as failed:
        client(instructor.Mode.TOOLS).chat.completions.create(
            model=MODEL, messages=asked, response_model=Large, max_retries=2
        )
    assert failed.value.n_attempts > 1
