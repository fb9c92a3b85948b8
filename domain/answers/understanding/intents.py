"""Intents: what is wanted, how many things, and which first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.understanding.clauses import Clause, clauses
from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.result import Intent
from domain.answers.understanding.tokens import Text
from domain.answers.understanding.urgency import urgency
from domain.answers.understanding.words.topics import ORDER, TOPICS

_TOPICS = Tables(TOPICS)
_RANK = {name: rank for rank, name in enumerate(ORDER)}

_POINTING = frozenset(
    [
        "it",
        "this",
        "that",
        "these",
        "those",
        "they",
        "them",
        "he",
        "she",
        "one",
        "ones",
        "so",
        "das",
        "es",
        "dies",
        "dieser",
        "diese",
        "sie",
        "ihn",
        "ca",
        "cela",
        "celui",
        "ceci",
        "le",
        "la",
        "les",
        "eso",
        "esto",
        "esta",
        "este",
        "lo",
        "los",
        "las",
        "questo",
        "questa",
        "quello",
        "isso",
        "isto",
        "este",
        "esse",
        "esta",
        "essa",
        "ele",
        "ela",
        "dit",
        "dat",
        "deze",
        "die",
        "hem",
        "to",
        "tego",
        "ten",
        "ta",
        "te",
        "go",
        "je",
        "bu",
        "bunu",
        "o",
        "onu",
        "это",
        "этот",
        "эта",
        "он",
        "она",
        "его",
        "ее",
        "их",
    ]
)
"""Words that point at what was said before."""

UNNAMED = "request"


def intents(texts: Sequence[Text], language: str | None) -> tuple[Intent, ...]:
    """Of a burst's messages, the most urgent first; none where nothing is said."""
    wanted: list[Intent] = []
    said: list[Intent] = []
    open_statement: Intent | None = None
    for message, text in enumerate(texts):
        for clause in clauses(text, language):
            intent = _intent(text, clause, message, language)
            if clause.kind == "small":
                said.append(intent)
            elif clause.kind == "statement":
                if wanted and (intent.name in (UNNAMED, wanted[-1].name) or not clause.problem):
                    wanted[-1] = _with(wanted[-1], intent)
                else:
                    open_statement = intent if open_statement is None else _with(open_statement, intent)
            else:
                if open_statement is not None:
                    intent, open_statement = _with(open_statement, intent), None
                if wanted and _goes_with(clause, text, intent, wanted[-1]):
                    wanted[-1] = _with(wanted[-1], intent)
                else:
                    wanted.append(intent)
    if open_statement is not None:
        wanted.append(open_statement)
    return tuple(
        sorted(
            wanted or said[:1],
            key=lambda intent: (-round(intent.urgency, 1), _RANK[intent.name], intent.message),
        )
    )


def _goes_with(clause: Clause, text: Text, intent: Intent, before: Intent) -> bool:
    """Whether it wants no more than the one before it."""
    if clause.kind == "vague":
        return True
    if intent.name == before.name and intent.name != UNNAMED:
        return bool(_POINTING & set(text.words[clause.first : clause.last])) or clause.weak
    if clause.weak and UNNAMED in (intent.name, before.name):
        return True
    return (
        intent.name == UNNAMED
        and not clause.joined
        and bool(_POINTING & set(text.words[clause.first : clause.last]))
    )


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
