"""From the demo's files to its answers, with the real parts: extract, cut, embed, nearest vectors, answer, cite."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from domain.agents.agent import AgentConfiguration
from domain.answers.citing import cited
from domain.answers.prompts import answer_prompt
from domain.models.completion import Citation, CompletionRequest, Passage
from domain.retrieval.chunking import chunk
from infra.providers.local.completer import LocalCompleter
from infra.providers.local.words import ENGLISH
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.retrieval.preparing import pages_of
from infra.retrieval.sniffing import media_type

DATA = Path(__file__).parents[3] / "interfaces" / "cli" / "demo" / "data"
KINDS = ("document", "several questions", "unknown")
"""Those that the files with text can answer."""

QUESTIONS: list[dict[str, Any]] = [
    each for each in tomllib.loads((DATA / "questions.toml").read_text())["question"] if each["kind"] in KINDS
]
SCANNED = "service-guide.pdf"
EMBEDDER = WordLlamaEmbedder()
COMPLETER = LocalCompleter(EMBEDDER)


def contents() -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in sorted(DATA.iterdir())
        if path.suffix in (".pdf", ".txt") and path.name != SCANNED
    }


@pytest.fixture(scope="module", name="passages")
async def _passages() -> list[Passage]:
    found = []
    for name, content in contents().items():
        pages = pages_of(content, media_type(content, len(content)))
        document = uuid4()
        for piece in chunk(pages, EMBEDDER.count_tokens):
            found.append(
                Passage(
                    id=f"{name}-{piece.ordinal}",
                    document=document,
                    title=name,
                    ordinal=piece.ordinal,
                    page=piece.page,
                    last_page=piece.last_page,
                    section=piece.section,
                    score=0.0,
                    text=piece.text,
                )
            )
    return found


async def ask(question: str, passages: list[Passage]) -> tuple[str, tuple[Citation, ...]]:
    query, *others = np.array(await EMBEDDER.embed([question, *(passage.text for passage in passages)]))
    order = np.argsort(-(np.array(others) @ query))[: AgentConfiguration().document_results]
    nearest = tuple(passages[place] for place in order)
    prompt = answer_prompt(AgentConfiguration(), (), nearest, [question])
    request = CompletionRequest(model="extractive", prompt=prompt, questions=(question,), passages=nearest)
    return cited((await COMPLETER.complete(request)).text, nearest)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["text"])
async def test_a_demo_question_is_answered_with_the_right_citation(
    question: dict[str, Any], passages: list[Passage]
) -> None:
    text, citations = await ask(question["text"], passages)
    if "expect" not in question:
        assert (text, citations) == (ENGLISH.nothing, ())
        return
    assert question["expect"] in text
    assert question["document"] in [citation.title for citation in citations]
    if "page" in question:
        assert any(
            citation.page is not None
            and citation.page <= question["page"] <= (citation.last_page or citation.page)
            for citation in citations
        )


async def test_every_question_of_the_faq_finds_its_own_answer(passages: list[Passage]) -> None:
    faq = "\n".join(passage.text for passage in passages if passage.title == "faq.pdf").splitlines()
    asked = {line.split(". ", 1)[1]: faq[place + 1] for place, line in enumerate(faq) if line.endswith("?")}
    assert len(asked) == 20
    for question, expected in asked.items():
        text, _ = await ask(question, passages)
        assert expected.split(". ")[0].rstrip(".") in text, question


def test_the_demo_has_a_question_that_it_cannot_answer() -> None:
    assert len(QUESTIONS) >= 8
    assert any("expect" not in question for question in QUESTIONS)
