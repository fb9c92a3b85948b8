"""The built-in provider: no key, no network. It answers with sentences of the retrieved passages, and says when there are none.

A sentence's score for a question is half the share of the question's words that it has, weighted by their rarity among the
passages, and half its likeness in meaning; a question of an FAQ stands for the answer that follows it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from domain.completion import Completion, CompletionRequest, Passage, Usage
from domain.sentences import sentences

Similarities = Callable[[str, Sequence[str]], list[float]]

NOTHING = "I could not find this in the documents I have."
ENOUGH = 0.4
"""Score below which a sentence is no answer."""

LONGEST = 3
"""Sentences for one question."""

_WORD = re.compile(r"[^\W_]+")
_ENDS = '.!?…:"”)'
_LABEL = re.compile(r"^(?:(?:[QA]|Question|Answer)\s*\d*\s*[:.)]|\d{1,3}[.)]|[-•*])\s*", re.IGNORECASE)
_ASKED = re.compile(
    r"(?<=\?)\s+|,?\s+and\s+(?=(?:how|what|when|where|who|which|is|are|do|does|can)\b)", re.IGNORECASE
)
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "had",
        "has",
        "have",
        "hello",
        "hi",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "me",
        "my",
        "of",
        "on",
        "or",
        "our",
        "please",
        "should",
        "so",
        "tell",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


class _Sentence(msgspec.Struct):
    """`marker` is the number of its passage in the prompt, `answer` what it answers with, `room` how much that may grow."""

    marker: int
    text: str
    answer: str
    words: frozenset[str]
    room: int


class LocalCompleter:
    name = "local"
    model = "extractive"

    def __init__(self, count_tokens: Callable[[str], int], similarities: Similarities | None = None) -> None:
        self._count_tokens = count_tokens
        self._similarities = similarities

    async def complete(self, request: CompletionRequest) -> Completion:
        questions = [part for message in request.questions for part in _ASKED.split(message) if _words(part)]
        found = [self._answer(question, request.passages) for question in questions]
        parts = list(dict.fromkeys(text for text, score in found if score)) or [NOTHING]
        confidence = min((score for _, score in found), default=0.0)
        text = "\n\n".join(parts)
        usage = Usage(
            input=sum(self._count_tokens(turn.text) for turn in request.prompt),
            output=self._count_tokens(text),
        )
        return Completion(
            text=text,
            finish="stop",
            model=self.model,
            usage=usage,
            raw_usage={"input_tokens": usage.input, "output_tokens": usage.output},
            confidence=round(confidence, 4),
        )

    def _answer(self, question: str, passages: Sequence[Passage]) -> tuple[str, float]:
        """The best sentences with their marker, and the best score; an empty text and 0 when nothing fits."""
        asked = _words(question)
        candidates = [s for marker, passage in enumerate(passages, 1) for s in _split(marker, passage.text)]
        if not asked or not candidates:
            return "", 0.0
        rarity = _rarity(candidates)
        total = sum(rarity(word) for word in asked)
        meaning = (
            self._similarities(question, [s.text for s in candidates])
            if self._similarities
            else [0.0] * len(candidates)
        )
        scores = []
        for sentence, likeness in zip(candidates, meaning, strict=True):
            share = sum(rarity(word) for word in asked & sentence.words) / total
            scores.append(0.5 * share + 0.5 * max(likeness, 0.0) if self._similarities else share)
        order = sorted(range(len(candidates)), key=lambda place: (-scores[place], place))
        best = order[0]
        if scores[best] < ENOUGH:
            return "", 0.0
        chosen = [best]
        for place in order[1:]:
            if len(chosen) == LONGEST or scores[place] < 0.85 * scores[best]:
                break
            answer = candidates[place].answer
            if not any(answer in candidates[c].answer or candidates[c].answer in answer for c in chosen):
                chosen.append(place)
        return " ".join(
            f"{candidates[place].answer} [{candidates[place].marker}]" for place in chosen
        ), scores[best]


def _split(marker: int, text: str) -> list[_Sentence]:
    """Sentences. A question is joined with what follows it up to the next one; a heading lends its words to what it heads."""
    answer: list[_Sentence] = []
    heading: frozenset[str] = frozenset()
    question: _Sentence | None = None
    for line in text.splitlines():
        found = [_LABEL.sub("", sentence) for sentence in sentences(line)]
        if len(found) == 1 and found[0][-1:] not in _ENDS:
            heading, question = _words(line), None
            continue
        for sentence in found:
            if sentence.endswith("?"):
                question = _Sentence(marker, sentence, "", _words(sentence), LONGEST)
                answer.append(question)
                continue
            if question is not None and question.room:
                question.answer = f"{question.answer} {sentence}".strip()
                question.room -= 1
            if words := _words(sentence):
                answer.append(_Sentence(marker, sentence, sentence, words | heading, 0))
    return [sentence for sentence in answer if sentence.answer]


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP)


def _stem(word: str) -> str:
    """Roughly the word without its ending: enough to let `opening`, `opens` and `open` meet."""
    for ending in ("ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _rarity(candidates: Sequence[_Sentence]) -> Callable[[str], float]:
    """Weight of a word by how few of the sentences have it (BM25's inverse document frequency)."""
    counts = Counter(word for sentence in candidates for word in sentence.words)
    number = len(candidates)
    return lambda word: math.log(1 + (number - counts[word] + 0.5) / (counts[word] + 0.5))
