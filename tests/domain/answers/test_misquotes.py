"""Answers that misquote on purpose: wrong figures, swapped passages, numbers of nothing and of earlier turns."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import pytest

from domain.agents.agent import AgentConfiguration
from domain.answers.citing import cited, sources_of
from domain.answers.prompts import answer_prompt
from domain.answers.telling import Telling
from domain.models.completion import Passage, Turn
from domain.retrieval.markers import NUMBER

ANSWERS = 1_000
TOPICS = ("delivery", "return", "repair", "warranty", "rental", "booking", "refund", "storage")
FIGURE = re.compile(r"\d{3,}")
FORMS = (
    "The {topic} takes {figure} days {marker}.",
    "The {topic} takes {figure} days. {marker}",
    "The {topic} takes {figure} days.{marker}",
    "For {topic}{marker} you have {figure} days, at most.",
    "{marker} says {figure} days for {topic}.",
)

Sort = Literal["true", "wrong figure", "swapped", "nowhere", "earlier turn"]
SORTS: tuple[Sort, ...] = ("true", "wrong figure", "swapped", "nowhere", "earlier turn")


@dataclass
class Said:
    sort: Sort
    figure: int
    text: str


class Liar:
    """In the place of a model. It reads the numbers of its documents, and what they say, in the prompt, and remembers earlier ones."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._earlier: list[tuple[int, int]] = []

    def answer(self, prompt: Sequence[Turn]) -> list[Said]:
        draw, system = self._draw, prompt[0].text
        documents = re.findall(r"<document \w+ number=(\d+).*?>\n(.*?)\n</document", system, re.DOTALL)
        here = [(int(number), int(figure)) for number, text in documents for figure in FIGURE.findall(text)]
        form = draw.choice(FORMS)
        said = [self._say(draw.choice(SORTS), here, form) for _ in range(draw.randint(1, 4))]
        self._earlier = here
        return said

    def _say(self, sort: Sort, here: Sequence[tuple[int, int]], form: str) -> Said:
        draw = self._draw
        number, figure = draw.choice(here)
        if sort == "wrong figure":
            figure += draw.choice((1, 10, 1_000))
        elif sort == "swapped":
            others = [each for each, _ in here if each != number]
            number = draw.choice(others) if others else number + 1
        elif sort == "nowhere":
            number = draw.choice((0, len({each for each, _ in here}) + draw.randint(1, 9), 999))
        elif sort == "earlier turn" and self._earlier:
            number, figure = draw.choice(self._earlier)
        marker = draw.choice(("[{}]", "[^{}]", "【{}】", "【{}†source】", "[{0}, {0}]")).format(number)
        topic = draw.choice(TOPICS)
        return Said(sort, figure, form.format(topic=topic, figure=figure, marker=marker))


def passages_of(draw: random.Random) -> list[Passage]:
    figures = iter(draw.sample(range(100, 1000), 20))
    return [
        Passage(
            id=f"{draw.getrandbits(64):x}",
            document=UUID(int=draw.getrandbits(128)),
            title="terms",
            ordinal=0,
            score=0.5,
            text=f"Our {draw.choice(TOPICS)} takes {next(figures)} days [{draw.randint(1, 9)}]; with {draw.choice(TOPICS)} {next(figures)}.",
        )
        for _ in range(draw.randint(1, 5))
    ]


@pytest.mark.parametrize("seed", range(4))
def test_no_citation_points_at_a_passage_that_was_not_in_its_prompt_or_does_not_have_the_figure(
    seed: int,
) -> None:
    draw = random.Random(seed)
    configuration = AgentConfiguration()
    counts = dict.fromkeys(SORTS, 0)
    for _ in range(ANSWERS // 4 // 5):
        liar, history, seen = Liar(draw), list[Turn](), set[str]()
        for turn in range(5):
            passages = passages_of(draw)
            asked = f"And the {draw.choice(TOPICS)} of [{draw.randint(1, 5)}], number {turn}?"
            said = liar.answer(answer_prompt(configuration, history, passages, [asked]))
            written = draw.choice((" ", "\n", "\n\n- ")).join(each.text for each in said)
            text, citations = cited(written, passages)

            ids = [passage.id for passage in passages]
            assert [each.passage for each in citations] == [ids[each.marker - 1] for each in citations]
            assert not seen & {each.passage for each in citations}
            assert {each.marker for each in citations} == {int(n) for n in NUMBER.findall(text)}
            _check_sentences(text, said, passages)
            telling = Telling(sources_of(passages))
            assert (
                "".join([*map(telling.take, re.findall(r".{1,7}", written, re.DOTALL)), telling.end()])
                == text
            )
            for each in said:
                counts[each.sort] += 1
            seen |= set(ids)
            history += [Turn(role="user", text=asked), Turn(role="assistant", text=text)]
    assert min(counts.values()) > ANSWERS // 4 // 5


def _check_sentences(text: str, said: Sequence[Said], passages: Sequence[Passage]) -> None:
    """Each figure of the text whose sentence cites something stands in what it cites; each that is true is cited still."""
    figures = [int(figure) for figure in FIGURE.findall(NUMBER.sub("", text))]
    assert figures == [each.figure for each in said]
    known = {
        number: {int(figure) for figure in FIGURE.findall(NUMBER.sub("", passage.text))}
        for number, passage in enumerate(passages, 1)
    }
    at = 0
    for each in said:
        numbers, at = _cited_beside(each, text, at)
        for number in numbers:
            assert each.figure in known[number], (each, text)
        if each.sort == "true":
            assert numbers, (each, text)


def _cited_beside(said: Said, text: str, at: int) -> tuple[set[int], int]:
    """The numbers that are left of those that the statement was written with, in the forms in which they may be left, and where it ends."""
    bare = re.escape(re.sub(r"\s*[\[【][^\]】]*[\]】]\s*", "\0", said.text).strip("\0"))
    pattern = bare.replace("\0", r"\s*((?:\[\d+\]\s*)*)")
    end = r"[^\S\n]?((?:\[\d+\])*)" if not said.text.startswith(("[", "【")) else "()"
    begin = r"((?:\[\d+\]\s?)*)" if said.text.startswith(("[", "【")) else "()"
    found = re.compile(begin + pattern + end).search(text, at)
    assert found is not None, (said, text)
    numbers = {int(number) for group in found.groups() for number in NUMBER.findall(group or "")}
    return numbers, found.end()
