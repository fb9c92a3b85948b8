"""Several choices and log probabilities at the wire: what each vendor is asked, and what is made of what it says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from application.ports import ProviderError
from domain.models.choices import Choice, ChoicePiece, LikelyToken, TokenLogprob, cut_choices, pieces_of
from domain.models.completion import Completion
from domain.models.tools import Tool, ToolCall, ToolCallPiece
from infra.outgoing.client import Outgoing
from infra.providers.gemini.completer import GeminiCompleter
from infra.providers.openai.completer import USUAL, OpenAICompleter
from infra.providers.openai.logprobs import logprobs_of
from tests.doubles.gemini import USAGE
from tests.doubles.openai import Double, openai_double
from tests.doubles.openai_saying import call
from tests.doubles.wire import Call, Reply, Wire, server_events, serving
from tests.infra.providers.asking import ABILITIES, COUNTER, request

TEXTS = ({"content": "One two."}, {"content": "Three."}, {"content": "Four five six."})
TOOL = Tool(name="weather")


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Double]:
    async with openai_double() as double:
        double.says = lambda body: {"choices": TEXTS[: body.get("n", 1)]}
        yield double


@asynccontextmanager
async def asking(url: str, make: Callable[..., Any] = OpenAICompleter, **more: Any) -> AsyncIterator[Any]:
    async with Outgoing(guarded=False) as http:
        yield make(
            name="some",
            key="key-1",
            base_url=url,
            http=http,
            counter=COUNTER,
            abilities=lambda model: ABILITIES,
            **more,
        )


async def pieces(asked: Any, **wanted: Any) -> tuple[list[Any], Completion]:
    *said, last = [piece async for piece in asked.stream(request(**wanted)) if piece != ""]
    return said, last


async def test_choices_come_whole_and_are_paid_once(double: Double) -> None:
    async with asking(double.url("says")) as asked:
        found = await asked.complete(request(choices=3))
    assert [each.text for each in found.choices] == ["One two.", "Three.", "Four five six."]
    assert [each.finish for each in found.choices] == ["stop"] * 3
    assert found.usage.output == 30
    assert double.requests[0]["n"] == 3
    assert "logprobs" not in double.requests[0]


async def test_one_choice_without_log_probabilities_is_asked_for_as_ever(double: Double) -> None:
    async with asking(double.url("says")) as asked:
        found = await asked.complete(request())
    assert found.others == found.logprobs == ()
    assert not {"n", "logprobs", "top_logprobs"} & set(double.requests[0])


async def test_choices_come_in_turn_in_a_stream(double: Double) -> None:
    async with asking(double.url("says")) as asked:
        said, last = await pieces(asked, choices=3)
    first = "".join(piece for piece in said if isinstance(piece, str))
    others = cut_choices([piece for piece in said if isinstance(piece, ChoicePiece)])
    assert [first, *(each.text for each in others)] == [each.text for each in last.choices]
    numbers = [piece.choice if isinstance(piece, ChoicePiece) else 0 for piece in said]
    assert numbers != sorted(numbers)


async def test_each_choice_calls_its_tools(double: Double) -> None:
    double.says = lambda body: {
        "choices": [{"content": "No."}, {"tool_calls": [call("weather", '{"city": "Oslo"}')]}]
    }
    async with asking(double.url("says")) as asked:
        whole = await asked.complete(request(choices=2, tools=(TOOL,)))
        said, last = await pieces(asked, choices=2, tools=(TOOL,))
    for found in (whole, last):
        assert [each.finish for each in found.choices] == ["stop", "tool_calls"]
        assert found.others[0].calls == (ToolCall(id="call_1", name="weather", arguments='{"city": "Oslo"}'),)
    assert (
        cut_choices([each for each in said if isinstance(each, ChoicePiece)])[0].calls
        == whole.others[0].calls
    )


async def test_log_probabilities_come_with_the_text_that_they_are_of(double: Double) -> None:
    async with asking(double.url("says")) as asked:
        found = await asked.complete(request(logprobs=2))
        said, last = await pieces(asked, logprobs=2)
    assert (double.requests[0]["logprobs"], double.requests[0]["top_logprobs"]) == (True, 2)
    top = (LikelyToken(token="other0", logprob=-1.0), LikelyToken(token="other1", logprob=-2.0))
    assert found.logprobs == last.logprobs
    assert found.logprobs[0] == TokenLogprob(token="One", logprob=-0.25, top=top)
    assert [(piece.text, piece.logprobs[0].token) for piece in said] == [("One", "One"), (" two.", " two.")]


async def test_log_probabilities_without_others_ask_for_none(double: Double) -> None:
    async with asking(double.url("says")) as asked:
        found = await asked.complete(request(logprobs=0))
    assert "top_logprobs" not in double.requests[0]
    assert [each.top for each in found.logprobs] == [(), ()]


async def test_fewer_choices_than_asked_for_are_no_answer_and_are_paid(double: Double) -> None:
    double.says = lambda body: {"choices": TEXTS[:1]}
    async with asking(double.url("says")) as asked:
        for make in (asked.complete(request(choices=2)), pieces(asked, choices=2)):
            with pytest.raises(ProviderError) as raised:
                await make
            assert raised.value.partial is not None
            assert raised.value.partial.usage.output == 30
        with pytest.raises(ProviderError, match="no choice 2 of n"):
            await asked.complete(request(choices=2))


async def test_a_choice_that_is_filtered_stands_beside_one_that_is_not(double: Double) -> None:
    filtered = {"content": None, "finish_reason": "content_filter"}
    double.says = lambda body: {"choices": [filtered, {"content": "Fine."}]}
    async with asking(double.url("says")) as asked:
        found = await asked.complete(request(choices=2))
        assert [(each.text, each.finish) for each in found.choices] == [
            ("", "content_filter"),
            ("Fine.", "stop"),
        ]
        double.says = lambda body: {"choices": [filtered, filtered]}
        with pytest.raises(ProviderError) as raised:
            await asked.complete(request(choices=2))
    assert raised.value.outcome == "refused"


async def test_together_is_told_the_number_of_likely_tokens_alone(double: Double) -> None:
    async with asking(double.url("says"), options=USUAL, likely_only=True) as asked:
        await asked.complete(request(logprobs=3, choices=2))
        await asked.complete(request(logprobs=0))
    assert [each["logprobs"] for each in double.requests] == [3, 1]
    assert all("top_logprobs" not in each for each in double.requests)


@pytest.mark.parametrize(
    ("said", "text", "beside"),
    [
        ({"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [{"Ho": -2, "Hi": -0.5}]}, "Hi", None),
        (-0.5, "Hi", {"Ho": -2.0, "Hi": -0.5}),
    ],
)
def test_lists_beside_each_other_and_a_number_a_piece_are_read(said: Any, text: str, beside: Any) -> None:
    (found,) = logprobs_of(said, text, beside)
    assert (found.token, found.logprob) == ("Hi", -0.5)
    assert [(each.token, each.logprob) for each in found.top] == [("Hi", -0.5), ("Ho", -2.0)]


@pytest.mark.parametrize(
    "said",
    [
        None,
        True,
        "x",
        [],
        {},
        {"content": [None, {"token": 1}]},
        {"tokens": "x", "token_logprobs": 3},
        {"tokens": [1]},
    ],
)
def test_what_is_no_log_probability_is_none(said: Any) -> None:
    assert logprobs_of(said, "x") == ()


def test_a_token_that_is_part_of_a_character_keeps_its_bytes() -> None:
    said = {
        "content": [{"token": "\ufffd", "logprob": float("-inf"), "bytes": [240, 159], "top_logprobs": []}]
    }
    assert logprobs_of(said, "") == (TokenLogprob(token="\ufffd", logprob=-9999.0, bytes=(240, 159)),)


def test_whole_choices_are_told_in_pieces() -> None:
    calls = (ToolCall(id="c", name="n", arguments="{}"),)
    choices = (
        Choice(text="a", calls=calls, finish="tool_calls"),
        Choice(text="b", calls=calls, finish="stop"),
    )
    piece = ToolCallPiece(index=0, id="c", name="n", arguments="{}")
    assert list(pieces_of(choices)) == [
        "a",
        piece,
        ChoicePiece(choice=1, text="b"),
        ChoicePiece(choice=1, call=piece),
    ]


def candidates(call: Call) -> Reply:
    """As Gemini, which leaves a zero out."""
    likely = {
        "chosenCandidates": [{"token": "Yes"}, {"token": ".", "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "Yes"}, {"token": "No", "logProbability": -3}]}],
    }
    found = [
        {
            "index": index,
            "finishReason": "STOP",
            "content": {"role": "model", "parts": [{"text": f"Yes. {index}"}]},
            **({"logprobsResult": likely} if call.body["generationConfig"].get("responseLogprobs") else {}),
        }
        for index in range(call.body["generationConfig"].get("candidateCount", 1))
    ]
    body = json.dumps({"candidates": found, "usageMetadata": USAGE, "modelVersion": "m"}).encode()
    return server_events([body]) if ":streamGenerateContent" in call.path else Reply(body=body)


async def test_gemini_gives_candidates_whole_and_log_probabilities() -> None:
    wire = Wire(candidates)
    async with serving(wire), asking(f"http://127.0.0.1:{wire.port}", GeminiCompleter) as asked:
        found = await asked.complete(request(choices=2, logprobs=1))
        said, streamed = await pieces(asked, choices=2)
        one, last = await pieces(asked, logprobs=1)
        with pytest.raises(ProviderError, match="n: Gemini gives at most 8"):
            await asked.complete(request(choices=9))
    configured = wire.requests[0]["generationConfig"]
    assert (configured["candidateCount"], configured["responseLogprobs"], configured["logprobs"]) == (
        2,
        True,
        1,
    )
    assert [each.text for each in found.choices] == ["Yes. 0", "Yes. 1"]
    yes = TokenLogprob(token="Yes", logprob=0.0, top=(LikelyToken(token="Yes", logprob=0.0),))
    assert found.logprobs == (yes, TokenLogprob(token=".", logprob=-0.5))
    assert said == ["Yes. 0", ChoicePiece(choice=1, text="Yes. 1")]
    assert [each.text for each in streamed.choices] == ["Yes. 0", "Yes. 1"]
    assert one == [ChoicePiece(text="Yes. 0", logprobs=found.logprobs)]
    assert last.logprobs == found.logprobs
    assert len(wire.requests) == 3
