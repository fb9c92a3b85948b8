"""How good search is: questions of a public FAQ set with relevance labels, by meaning, by words, and by both.

    python -m bench.faq stackExchange-FAQ.xml [--json]

The file is the StackFAQ set (Karan, Šnajder: Paraphrase-focused learning to rank for domain-specific frequently asked questions retrieval,
2018): 125 threads of a site about web applications, each with its question, its answers, and ten or so rephrasings of what is wanted. Texts are
Stack Exchange's, CC BY-SA, and so are no part of this project; https://github.com/ML-Recipes/BERT-FAQ has a copy in data/StackFAQ.

Each answer is a passage, without the thread's question; a rephrasing's relevant passages are the answers of its thread. Weights are chosen by
recall@5 on the threads with even numbers, and all figures are those of the odd ones. Everything goes through the database as it does in use.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table

from application.ports import Chunk, Matched, Searched
from bench.parts import MASTER
from bench.server import server
from domain.models.completion import Passage
from domain.retrieval.fusion import Fusion, fuse
from infra.crypto.keyring import Keyring
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.retrieval.vectors import PgVectors

CANDIDATES, BEST = 20, 5
WEIGHTS = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
"""Of meaning; words have the rest."""


class Thread(NamedTuple):
    document: UUID
    answers: list[str]
    rephrasings: list[str]


class Asked(NamedTuple):
    """What both found for a question, and the document that answers it."""

    near: Searched
    matched: Matched
    document: UUID


class Figures(NamedTuple):
    recall: float
    mrr: float


Ranking = Callable[[Asked], Sequence[Passage]]


def threads(path: Path) -> Iterator[Thread]:
    for each in re.findall("<qapair>(.*?)</qapair>", path.read_text("utf-8"), re.DOTALL):
        parts = {
            name: [unescape(text).strip() for text in re.findall(f"<{name}>(.*?)</{name}>", each, re.DOTALL)]
            for name in ("answer", "rephr")
        }
        yield Thread(uuid4(), parts["answer"], [text for text in parts["rephr"] if text != "*"])


async def index(
    known: Sequence[Thread], tenant: UUID, embedder: WordLlamaEmbedder, vectors: PgVectors
) -> None:
    facts = {"page": None, "section": None, "tokens": 0}
    for thread in known:
        embedded = await embedder.embed(thread.answers)
        chunks = [
            Chunk(id=f"{ordinal}", ordinal=ordinal, text=text, embedding=vector, **facts)  # type: ignore[arg-type]
            for ordinal, (text, vector) in enumerate(zip(thread.answers, embedded, strict=True))
        ]
        await vectors.replace(tenant, thread.document, "FAQ", embedder.model, chunks)


async def ask(
    known: Sequence[Thread],
    tenant: UUID,
    embedder: WordLlamaEmbedder,
    vectors: PgVectors,
    said: Callable[[str], str] = str,
) -> list[Asked]:
    asked = []
    for thread in known:
        for question in map(said, thread.rephrasings):
            (vector,) = await embedder.embed([question])
            near = await vectors.search(tenant, vector, embedder.model, CANDIDATES)
            matched = await vectors.match(tenant, question, vector, embedder.model, CANDIDATES)
            asked.append(Asked(near, matched, thread.document))
    return asked


def by_meaning(asked: Asked) -> Sequence[Passage]:
    return asked.near.passages


def by_words(asked: Asked) -> Sequence[Passage]:
    return asked.matched.passages


def by_both(fusion: Fusion) -> Ranking:
    def ranking(asked: Asked) -> Sequence[Passage]:
        worded = list(zip(asked.matched.passages, asked.matched.scores, strict=True))
        typed = asked.matched.typed
        ranked = fuse(asked.near.passages, worded, CANDIDATES, typed=typed, fusion=fusion)
        return [each.passage for each in ranked]

    return ranking


def figures(asked: Sequence[Asked], ranking: Ranking) -> Figures:
    """Recall@5: the share of questions with an answer of theirs among the first five documents."""
    hits, reciprocals = 0, 0.0
    for each in asked:
        documents = list(dict.fromkeys(passage.document for passage in ranking(each)))
        if each.document in documents:
            rank = documents.index(each.document) + 1
            hits += rank <= BEST
            reciprocals += 1 / rank
    return Figures(hits / len(asked), reciprocals / len(asked))


def mistyped(question: str) -> str:
    """With two neighbouring letters of its longest word changed over, as fingers do."""
    word = max(re.findall(r"[^\W\d_]+", question), key=len, default="")
    if len(word) < 4:
        return question
    at = random.Random(question).randrange(1, len(word) - 2)
    return question.replace(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :], 1)


def weighted(semantic: float) -> Ranking:
    return by_both(Fusion(semantic_weight=semantic, keyword_weight=1 - semantic))


async def measure(path: Path, url: str) -> dict[str, Figures]:
    known, tenant, embedder = list(threads(path)), uuid4(), WordLlamaEmbedder()
    chosen_by, reported = known[::2], known[1::2]
    async with Database(Cell(url, MASTER), size=2) as database:
        vectors = PgVectors(database, Keyring(database, MASTER))
        await index(known, tenant, embedder, vectors)
        first = await ask(chosen_by, tenant, embedder, vectors)
        plain = await ask(reported, tenant, embedder, vectors)
        capitals = await ask(reported, tenant, embedder, vectors, str.upper)
        wrong = await ask(reported, tenant, embedder, vectors, mistyped)
    best = max(WEIGHTS, key=lambda weight: figures(first, weighted(weight)))
    return {
        "meaning": figures(plain, by_meaning),
        "words": figures(plain, by_words),
        f"both, weights chosen ({best:g})": figures(plain, weighted(best)),
        "both, 0.7 and 0.3": figures(plain, weighted(0.7)),
        "both, reciprocal rank": figures(plain, by_both(Fusion(method="reciprocal_rank"))),
        "CAPITALS, words": figures(capitals, by_words),
        "CAPITALS, both, 0.7 and 0.3": figures(capitals, weighted(0.7)),
        "mistyped, words": figures(wrong, by_words),
        "mistyped, both, 0.7 and 0.3": figures(wrong, weighted(0.7)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="how good search is, on the StackFAQ set")
    parser.add_argument("file", type=Path, help="stackExchange-FAQ.xml")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    given = parser.parse_args()
    if not given.file.is_file():
        sys.exit(f"{given.file} is no file; https://github.com/ML-Recipes/BERT-FAQ has it in data/StackFAQ")
    with server() as running, running.fresh() as url:
        found = asyncio.run(measure(given.file, url))
    if given.json:
        print(json.dumps({name: each._asdict() for name, each in found.items()}))
        return
    table = Table("search", "recall@5", "MRR")
    for name, each in found.items():
        table.add_row(name, f"{each.recall:.3f}", f"{each.mrr:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
