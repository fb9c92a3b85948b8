"""The real small language model behind the OpenAI-compatible provider (make test-llm)."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from application.ports import ProviderError
from domain.models.choices import ChoicePiece
from domain.models.completion import Completion, CompletionRequest, Turn
from infra.outgoing.client import Outgoing
from infra.providers.openai.completer import OpenAICompleter
from infra.providers.tokens import TokenCounter
from infra.settings import Settings
from interfaces.cli.demo.model import NAME, language_model
from interfaces.waiting import Teller

pytestmark = pytest.mark.llm

SYSTEM = "Answer from this text only: The shop is open from nine to five and closed on Sunday."
QUESTION = "When is the shop open?"
REQUEST = CompletionRequest(
    model=NAME,
    prompt=(Turn(role="system", text=SYSTEM), Turn(role="user", text=QUESTION)),
    questions=(QUESTION,),
    max_tokens=40,
    temperature=0.0,
)


@pytest.fixture(scope="module", name="address")
def _address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = Path(tmp_path_factory.mktemp("model"))
    teller = Teller(io.StringIO())
    with language_model(Settings(data=folder), teller) as settings:
        yield str(settings.providers["openai"].base_url)


@pytest.fixture(name="completer")
async def _completer(address: str) -> AsyncIterator[OpenAICompleter]:
    async with Outgoing(guarded=False) as http:
        yield OpenAICompleter(
            name="openai",
            key=None,
            base_url=address,
            http=http,
            counter=TokenCounter(),
            abilities=lambda model: frozenset({"stream", "system"}),
            seconds=120,
        )


def check(completion: Completion) -> None:
    """A right answer, counted by the server."""
    assert "nine" in completion.text.lower() or "9" in completion.text
    assert completion.model == NAME
    assert completion.finish in ("stop", "length")
    assert completion.usage.source == "provider"
    assert completion.usage.input > 20
    assert 0 < completion.usage.output <= 40
    assert completion.raw_usage["prompt_tokens"] == completion.usage.input


async def test_the_small_model_answers_from_a_passage_with_real_usage(completer: OpenAICompleter) -> None:
    check(await completer.complete(REQUEST))


async def test_the_server_names_the_model(address: str) -> None:
    async with Outgoing(guarded=False) as http:
        assert [each["id"] for each in (await http.get(f"{address}/models")).json()["data"]] == [NAME]


async def test_the_small_model_streams_its_answer_with_real_usage(completer: OpenAICompleter) -> None:
    *pieces, last = [piece async for piece in completer.stream(REQUEST) if piece != ""]
    assert isinstance(last, Completion)
    assert len(pieces) > 3
    assert "".join(map(str, pieces)).strip() == last.text
    check(last)


async def test_a_stream_that_nobody_reads_on_leaves_the_model_free(completer: OpenAICompleter) -> None:
    stream = completer.stream(REQUEST)
    await anext(stream)
    await stream.aclose()
    check(await completer.complete(REQUEST))


async def test_it_tells_the_probabilities_of_its_tokens_whole_and_streamed(
    completer: OpenAICompleter,
) -> None:
    request = msgspec.structs.replace(REQUEST, logprobs=2)
    whole = await completer.complete(request)
    *pieces, last = [piece async for piece in completer.stream(request)]
    assert isinstance(last, Completion)
    for each in (whole, last):
        (choice,) = each.choices
        assert "".join(token.token for token in choice.logprobs).strip() == choice.text
        assert all(token.logprob <= 0 and len(token.top) == 2 for token in choice.logprobs)
    told = [token for piece in pieces if isinstance(piece, ChoicePiece) for token in piece.logprobs]
    assert tuple(told) == last.choices[0].logprobs


async def test_a_server_of_one_slot_refuses_a_second_choice(completer: OpenAICompleter) -> None:
    """So its models are not given the ability `choices` in a catalogue."""
    with pytest.raises(ProviderError) as refused:
        await completer.complete(msgspec.structs.replace(REQUEST, choices=2))
    assert refused.value.outcome == "bad_request"
