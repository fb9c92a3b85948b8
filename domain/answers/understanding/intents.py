"""Intents: what is wanted, how many things, and which first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.answers.understanding.clauses import Clause, clauses
from domain.answers.understanding.cohesion import Span, apart, span
from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.result import Intent
from domain.answers.understanding.tokens import Text
from domain.answers.understanding.urgency import urgency
from domain.answers.understanding.words.topics import ORDER, TOPICS

_TOPICS = Tables(TOPICS)
_RANK = {name: rank for rank, name in enumerate(ORDER)}

UNNAMED = "request"


def intents(texts: Sequence[Text], language: str | None) -> tuple[Intent, ...]:
    """Of a burst's messages, the most urgent first; none where nothing is said."""
    wanted: list[_Wanted] = []
    said: list[Intent] = []
    for message, text in enumerate(texts):
        for clause in clauses(text, language):
            intent = _intent(text, clause, message, language)
            if clause.small is not None:
                said.append(intent)
                continue
            new = span_of(text, clause, intent.name, language)
            if wanted and not apart(wanted[-1].span, new):
                last = wanted[-1]
                wanted[-1] = _Wanted(intent=_with(last.intent, intent), span=last.span.with_(new))
            else:
                wanted.append(_Wanted(intent=intent, span=new))
    found = [each.intent for each in wanted] or said[:1]
    return tuple(
        sorted(found, key=lambda intent: (-round(intent.urgency, 1), _RANK[intent.name], intent.message))
    )


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    intent: Intent
    span: Span


def span_of(text: Text, clause: Clause, name: str, language: str | None) -> Span:
    names = () if name == UNNAMED else (name,)
    return span(clause, text.words[clause.first : clause.last], names, language)


def _with(first: Intent, second: Intent) -> Intent:
    """One of both: its name is that of the one which has one, and of two the more urgent."""
    named = [each for each in (first, second) if each.name != UNNAMED] or [second]
    main = max(named, key=lambda each: (each.urgency, -each.message))
    text = f"{first.text} … {second.text}" if first.text and second.text else first.text or second.text
    return Intent(
        name=main.name,
        urgency=max(first.urgency, second.urgency),
        text=text,
        confidence=main.confidence,
        message=first.message,
    )


def _intent(text: Text, clause: Clause, message: int, language: str | None) -> Intent:
    words = text.words[clause.first : clause.last]
    written = text.between(clause.first, clause.last)
    if clause.small is not None:
        return Intent(
            name=clause.small, urgency=urgency(clause.small, words, language), text=written, message=message
        )
    name, confidence = name_of(words, language)
    return Intent(
        name=name,
        urgency=urgency(name, words, language),
        text=written,
        confidence=confidence,
        message=message,
    )


def name_of(words: Sequence[str], language: str | None) -> tuple[str, float]:
    """The name that most words speak for, and how clearly."""
    points: dict[str, float] = {}
    for found in _TOPICS.of(language).find(words):
        points[found.label] = points.get(found.label, 0) + 1 + 0.5 * (found.last - found.first - 1)
    if not points:
        return UNNAMED, 0.3
    best = max(points, key=lambda name: (points[name], -_RANK[name]))
    return best, round(min(0.95, 0.5 + 0.45 * points[best] / sum(points.values())), 2)
