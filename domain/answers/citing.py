"""What becomes of a completion: the text that is told, citations that point at passages of the prompt, and how sure the agent is. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.telling import told
from domain.models.completion import Citation, Completion, Passage
from domain.retrieval.markers import NUMBER


def sources_of(passages: Sequence[Passage], overruled: Sequence[str] = ()) -> tuple[str, ...]:
    """What a sentence that cites them may rest on: not on what is `overruled`."""
    found = []
    for each in passages:
        text = each.text
        for statement in overruled:
            text = text.replace(statement, " ")
        pages = [str(page) for page in (each.page, each.last_page) if page is not None]
        found.append(" ".join([each.title, each.section or "", *pages, text]))
    return tuple(found)


def cited(
    text: str, passages: Sequence[Passage], sources: Sequence[str] | None = None
) -> tuple[str, tuple[Citation, ...]]:
    """The text as it is told, and a citation for each passage that a marker in it points at. `sources`: theirs."""
    text = told(text, sources_of(passages) if sources is None else sources)
    return text, citations_in(text, passages)


def citations_in(text: str, passages: Sequence[Passage]) -> tuple[Citation, ...]:
    """Of a text that is told."""
    numbers = {int(number) for number in NUMBER.findall(text)}
    return tuple(
        Citation(
            marker=number,
            passage=passage.id,
            document=passage.document,
            title=passage.title,
            page=passage.page,
            section=passage.section,
            source=passage.source,
            last_page=passage.last_page,
        )
        for number, passage in enumerate(passages, 1)
        if number in numbers
    )


def answer_of(
    completion: Completion,
    passages: Sequence[Passage],
    sources: Sequence[str],
    shown: Sequence[str] | None,
) -> tuple[str, tuple[Citation, ...]]:
    """The text as it is told, and its citations, which go by the passages' `sources`: those of a text that shows none are known all the same.
    `shown`: the sources, or what else `Telling` takes."""
    if completion.told:
        citations = citations_in(completion.text, passages)
        return (told(completion.text, ()) if shown == () else completion.text), citations
    text, citations = cited(completion.text, passages, sources)
    return text if shown == sources else told(completion.text, shown), citations


def with_disclosure(disclosure: str, text: str) -> str:
    """What a customer is sent who is told for the first time that a machine answers."""
    return f"{disclosure}\n\n{text}"


def confidence_of(completion: Completion, passages: Sequence[Passage]) -> float:
    """0 to 1: the provider's own where it gives one; else the best passage's score; without passages 0.5, for nothing speaks
    for the answer but the model. An answer that was cut short or filtered counts half."""
    if completion.confidence is not None:
        base = completion.confidence
    else:
        base = max((passage.score for passage in passages), default=0.5)
    return round(min(max(base, 0.0), 1.0) * (1.0 if completion.finish == "stop" else 0.5), 4)
