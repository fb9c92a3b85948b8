"""The built-in provider: no key, no network. It answers with sentences of the retrieved passages, and says when there are none.

It reads passages into statements (`statements`), scores them for each question (`scoring`), shows the best ones.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from operator import itemgetter
from uuid import UUID

import numpy as np

from application.ports import Leave
from domain.base.language import language_of
from domain.base.sentences import sentences
from domain.models.completion import Completion, CompletionRequest, Passage, Usage
from domain.retrieval.results.ranking import CERTAIN
from infra.providers.incoming import unheard
from infra.providers.local.asking import is_foreign
from infra.providers.local.scoring import Meanings, Question, ReadPassage, score
from infra.providers.local.statements import Statement, asked_words, stem, words
from infra.providers.local.words import GREETINGS, Words, greeted_in, words_for

ENOUGH = 0.38
"""Score below which a statement is no answer."""

PLAIN = 0.7
"""Score from which on a statement is plainly the answer."""

MORE, GAIN = 0.75, 0.2
"""A further statement has this share of the best one's score, and covers this much more of the question."""

MOST = 3
"""Statements for one question."""

INLINE = 40_000
"""Characters of a prompt, with its passages, that are counted on the spot (some milliseconds: the passages are known)."""

READ = 16_000
"""Characters of the messages that are read."""

ASKED, LONGEST = 20, 600
"""Questions that are answered, and characters of each (and of what was said before it) that are looked at."""

SHORT = 300
"""Characters of the messages that are answered on the spot (some milliseconds); more is answered beside the loop."""

REMEMBERED = 300
"""Passages that are kept as they were read (about 160 kB each)."""

FORGOTTEN = 30.0
"""Seconds after which a passage that nobody asks for any more is dropped, as when its document was deleted."""

PIECES, LONGEST_PIECE = 1_000, 8_000
"""Pieces of prompts whose tokens are kept, and characters of each."""

Key = tuple[UUID, str, str | None]
"""Document, text, section. A document is one tenant's: whether another one has the same text can't be told by how long an answer takes."""

_MARKER = re.compile(r"\s*\[\d+\]")  # what the document itself points at
# Each of these takes time that grows with the text and no faster: none begins anew within a run of what it skips.
_AND = re.compile(
    r"(?:,|(?<![\s,]))\s+and\s+(?=(?:how|what|when|where|who|which|is|are|do|does|can)\b)", re.IGNORECASE
)
_ASKING = re.compile(
    r"[?？؟]|^\s*(?:how|what|when|where|who|which|why|is|are|do|does|can|could|may)\b", re.IGNORECASE
)
_GREETING = re.compile(rf"\b(?:{'|'.join(GREETINGS.values())})\b", re.IGNORECASE)
_WORD = re.compile(r"\w")


class LocalCompleter:
    name = "local"
    options: frozenset[str] = frozenset()
    owner: UUID | None = None
    model = "extractive"

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings
        self._remembered: OrderedDict[Key, tuple[float, ReadPassage]] = OrderedDict()
        self._pieces: OrderedDict[tuple[UUID, str], int] = OrderedDict()
        self._clearing: asyncio.TimerHandle | None = None

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        read = await self._read(request.passages)
        bought = _bought(request.passages)
        answers = partial(
            self._answers, request.questions, request.goes_on_from, read, request.overruled, bought
        )
        short = sum(map(len, request.questions)) <= SHORT
        asked, found = answers() if short else await asyncio.to_thread(answers)
        parts = list(dict.fromkeys(text for text, _ in found if text))
        confidence = min((score for _, score in found), default=0.0)
        if not asked and request.questions and all(map(_greets, request.questions)):
            parts, confidence = [_told(request).hello], 1.0
        elif not parts:
            parts = [_told(request).nothing]
        elif asked > len(found) or not all(text for text, _ in found):
            parts.append(_told(request).not_all)
        text = "\n\n".join(parts)
        count = partial(self._count, request, read)
        long = sum([len(turn.text) for turn in request.prompt]) > INLINE
        tokens = await asyncio.to_thread(count) if long else count()
        usage = Usage(input=tokens, output=self._meanings.count_tokens(text))
        return Completion(
            text=text,
            finish="stop",
            model=self.model,
            usage=usage,
            raw_usage={"input_tokens": usage.input, "output_tokens": usage.output},
            confidence=round(min(confidence, 1.0), 4),
        )

    async def stream(
        self, request: CompletionRequest, sent: Callable[[], None] = unheard, left: Leave = unheard
    ) -> AsyncGenerator[str | Completion, None]:
        """In one piece: it is there at once."""
        completion = await self.complete(request)
        yield completion.text
        yield completion

    def _answers(
        self,
        messages: Sequence[str],
        before: str,
        read: Sequence[ReadPassage],
        overruled: Sequence[str],
        bought: tuple[str, float],
    ) -> tuple[int, list[tuple[str, float]]]:
        """How many questions were asked, and what `_answer` says to the first of them; to the one that it says least to, what was `bought`, if
        that is surely asked for, or nothing else is said."""
        asked = _questions(_short(messages), before)
        found = [self._answer(question, read, overruled) for question in asked[:ASKED]]
        least = min(range(len(found)), key=lambda place: found[place][1], default=None)
        if least is not None and (not found[least][0] or (bought[1] >= CERTAIN and found[least][1] < PLAIN)):
            found[least] = bought
        return len(asked), found

    def _answer(
        self, question: Question, read: Sequence[ReadPassage], overruled: Sequence[str]
    ) -> tuple[str, float]:
        """The best statements with their markers, and the best score; no text and 0 when nothing fits. None that is `overruled`."""
        candidates = [(marker, each) for marker, one in enumerate(read, 1) for each in one.statements]
        if not candidates:
            return "", 0.0
        scores, covered, weights = score(question, read, self._meanings)
        if overruled:
            scores[[place for place, (_, each) in enumerate(candidates) if _is_of(overruled, each)]] = 0.0
        order = np.argsort(-scores, kind="stable")
        best = float(scores[order[0]])
        if best < ENOUGH:
            # It may say little without what it refers back to, as `can I bring it?` does.
            return (
                self._answer(_question(f"{question.said} {question.text}"), read, overruled)
                if question.said
                else ("", 0.0)
            )
        chosen: list[int] = []
        so_far = np.zeros_like(weights)
        for place in order.tolist():
            gain = float((np.maximum(covered[place], so_far) - so_far) @ weights)
            if len(chosen) == MOST or scores[place] < MORE * best:
                break
            if not chosen or gain >= GAIN:
                chosen.append(place)
                so_far = np.maximum(so_far, covered[place])
        return " ".join(_shown(*candidates[place], question) for place in chosen), best

    async def _read(self, passages: Sequence[Passage]) -> list[ReadPassage]:
        """Those that are new are read in a thread (some milliseconds each), so that the loop goes on."""
        known = self._remembered
        found = {key: known[key][1] for key in map(_key, passages) if key in known}
        new = [passage for passage in passages if _key(passage) not in found]
        made = (
            await asyncio.to_thread(lambda: [ReadPassage(each, self._meanings) for each in new])
            if new
            else []
        )
        found.update(zip(map(_key, new), made, strict=True))
        now = time.monotonic()
        for key, one in found.items():
            known[key] = now, one
            known.move_to_end(key)
        while len(known) > REMEMBERED:
            known.popitem(last=False)
        self._clear()
        return [found[_key(passage)] for passage in passages]

    def _clear(self) -> None:
        """Drop what nobody has asked for lately, now and, without any further question, later."""
        if self._clearing is not None:
            self._clearing.cancel()
            self._clearing = None
        now = time.monotonic()
        while self._remembered:
            since, _ = next(iter(self._remembered.values()))
            if now - since < FORGOTTEN:
                later = FORGOTTEN - (now - since)
                self._clearing = asyncio.get_running_loop().call_later(later + 0.01, self._clear)
                return
            self._remembered.popitem(last=False)

    def _count(self, request: CompletionRequest, read: Sequence[ReadPassage]) -> int:
        """The prompt's tokens. Those of the passages are known, and counting takes longer than answering."""
        tokens = 0
        for turn in request.prompt:
            text, end, before = turn.text, 0, None
            places = (
                (text.find(each.text), each, one) for each, one in zip(request.passages, read, strict=True)
            )
            for place, passage, one in sorted(places, key=itemgetter(0)):
                if place >= end:
                    tokens += self._counted(text[end:place], before or passage.document) + one.tokens
                    end, before = place + len(passage.text), passage.document
            tokens += self._counted(text[end:], before)
        return tokens

    def _counted(self, piece: str, document: UUID | None) -> int:
        """Tokens of what stands between a prompt's passages: the same again and again. Kept beside a document, as the passages are."""
        if document is None or len(piece) > LONGEST_PIECE:
            return self._meanings.count_tokens(piece)
        key = (document, piece)
        if (tokens := self._pieces.get(key)) is None:
            tokens = self._pieces[key] = self._meanings.count_tokens(piece)
            if len(self._pieces) > PIECES:
                self._pieces.popitem(last=False)
        return tokens


def _short(messages: Sequence[str]) -> list[str]:
    """The last ones, as far as they are read: whoever pastes in a long text asks about it before it or behind it."""
    left, found = READ, list[str]()
    for message in reversed(messages):
        if left > 0:
            half = left // 2
            found.append(message if len(message) <= left else f"{message[:half]}\n{message[-half:]}")
            left -= len(message)
    return found[::-1]


def _questions(messages: Sequence[str], before: str = "") -> list[Question]:
    """The questions of a burst, each with what was said before it, the first one else with what it goes on from; without any, all that is said is the question."""
    questions: list[Question] = []
    said: list[str] = []
    for message in messages:
        for sentence in sentences(_ungreeted(message)):
            for part in _AND.split(sentence):
                aside = said or ([before] if before and not questions else [])
                if _ASKING.search(part) and (words(part) or aside):
                    questions.append(_question(part[:LONGEST], " ".join(aside)[-LONGEST:]))
                    said = []
                elif words(part):
                    said.append(part)
    if said and not questions:
        questions.append(_question(" ".join(said)[:LONGEST], before[-LONGEST:]))
    return questions


def _told(request: CompletionRequest) -> Words:
    """In the language of all that the customer has said: a short question alone may look like another one."""
    earlier = [turn.text for turn in request.prompt if turn.role == "user"]
    said = "\n".join(earlier or request.questions)[-READ:]
    return words_for(language_of(said) or greeted_in(said))


def _greets(message: str) -> bool:
    """Whether it begins with a greeting."""
    word = _WORD.search(message)
    return word is not None and _GREETING.match(message, word.start()) is not None


def _ungreeted(message: str) -> str:
    """Without the first greeting, and the signs around it."""
    if (greeting := _GREETING.search(message)) is None:
        return message
    before = greeting.start()
    while before and not _WORD.match(message, before - 1):
        before -= 1
    after = _WORD.search(message, greeting.end())
    return message[:before] + (message[after.start() :] if after else "")


def _question(text: str, said: str = "") -> Question:
    foreign = is_foreign(text)
    asked, aside = asked_words(text, foreign), asked_words(said, foreign)
    return Question(text, sorted(asked), said, sorted(aside - asked), foreign)


def _shown(marker: int, statement: Statement, question: Question) -> str:
    """With its heading, when it is the heading that says what the statement is about."""
    stems = {stem(word) for word in (*question.words, *question.aside)}
    lent = {stem(word) for word in statement.around} - {stem(word) for word in statement.words}
    heading = f"{statement.heading}: " if statement.heading and stems & lent else ""
    return f"{heading}{_MARKER.sub('', statement.shown)} [{marker}]"


def _is_of(texts: Sequence[str], statement: Statement) -> bool:
    """Whether it holds one of the texts, or is one without what stands before it, as a list's number."""
    shown = statement.shown
    return any(text in shown or (text.endswith(shown) and 2 * len(shown) > len(text)) for text in texts)


def _bought(passages: Sequence[Passage]) -> tuple[str, float]:
    """The first of the customer's own orders and bookings, which are there only where they are asked about; no text and 0 where there is none."""
    for marker, each in enumerate(passages, 1):
        if each.source == "purchase":
            return f"{each.text} [{marker}]", each.score
    return "", 0.0


def _key(passage: Passage) -> Key:
    return passage.document, passage.text, passage.section
