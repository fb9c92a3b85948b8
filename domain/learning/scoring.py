"""Text metrics: how near an answer is to the one that is expected. Pure; their libraries are loaded at the first use.

chrF (Popović, 2015) and BLEU (Papineni et al., 2002) as sacrebleu has them, ROUGE-1 and ROUGE-L (Lin, 2004) as rouge-score has them, the latter over
words of any alphabet: its own tokenizer knows ASCII alone, to it "Größe" and "Grüße" are one word and Arabic is none. What a metric cannot see is
said, and is no score of 0: words of scripts that do not part them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Literal

import msgspec

from domain.retrieval.markers import without_markers

VERSION = 1
"""Of what is computed here; goes up with any change of it."""

ORDER = 4
"""BLEU's longest n-gram."""

Unseen = Literal["bleu", "rouge"]

_WORD = re.compile(r"[^\W_]+")
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]")
_KANA = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff]")
_UNPARTED = re.compile(r"[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Tibetan, Burmese, Khmer."""

_FEW = 0.2
"""The share of a text's letters that may be of such a script in a text of another: a brand's name, a quotation."""


class Overlap(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What BLEU counts in a case: n-grams that match, and all, of 1 to 4 words; words of the answer, and of the expected one."""

    matches: tuple[int, ...]
    all: tuple[int, ...]
    words: int
    expected: int

    @property
    def row(self) -> tuple[int, ...]:
        return (*self.matches, *self.all, self.words, self.expected)


class TextScores(msgspec.Struct, frozen=True, kw_only=True):
    """0 to 1. None: the metric cannot see texts of this script (`unseen`), or nothing is expected."""

    exact: bool | None = None
    chrf: float | None = None
    bleu: Overlap | None = None
    rouge_1: float | None = None
    rouge_l: float | None = None
    unseen: tuple[Unseen, ...] = ()


def score_text(answer: str, expected: str) -> TextScores:
    """Markers of citations count for nothing."""
    answer, expected = plain(answer), plain(expected)
    if not expected:
        return TextScores()
    unparted, chinese = _script(expected)
    unseen: list[Unseen] = []
    if unparted and not chinese:
        unseen.append("bleu")
    if unparted:
        unseen.append("rouge")
    words = {} if "rouge" in unseen else _rouge().score(expected, answer)
    if words and not _WORD.search(expected):  # nothing but signs: there is no word to be found again
        words = {}
    return TextScores(
        exact=folded(answer) == folded(expected),
        chrf=round(_chrf().sentence_score(answer, [expected]).score / 100, 6),
        bleu=None if "bleu" in unseen else _overlap(answer, expected, "zh" if chinese else "13a"),
        rouge_1=round(words["rouge1"].fmeasure, 6) if words else None,
        rouge_l=round(words["rougeL"].fmeasure, 6) if words else None,
        unseen=tuple(unseen),
    )


def plain(text: str) -> str:
    """Without markers, in one normal form, its white space folded."""
    return " ".join(unicodedata.normalize("NFC", without_markers(text)).split())


def folded(text: str) -> str:
    """As exact match compares it: neither the size of letters nor their width counts."""
    return unicodedata.normalize("NFKC", text).casefold()


def bleu_of(sums: Any) -> Any:
    """Corpus BLEU, 0 to 1, of rows of sums (`Overlap.row`), as an array (rows,): sacrebleu's formula with its exponential smoothing, over all
    rows at once."""
    import numpy as np

    sums = np.asarray(sums, float)
    matches, every = sums[:, :ORDER], sums[:, ORDER : 2 * ORDER]
    words, expected = sums[:, 2 * ORDER], sums[:, 2 * ORDER + 1]
    missed = np.cumsum((matches == 0) & (every > 0), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # No match of a length counts as half of one, of the next such length as a quarter, and so on.
        counted = np.where((matches == 0) & (every > 0), 0.5**missed, matches)
        logs = np.where(every > 0, np.log(counted / every), 0.0).sum(axis=1)
        orders = np.maximum((every > 0).sum(axis=1), 1)
        brevity = np.where(words < expected, np.exp(1 - expected / np.maximum(words, 1e-9)), 1.0)
        score = brevity * np.exp(logs / orders)
    return np.where((words > 0) & (matches[:, 0] > 0), score, 0.0)


def _script(text: str) -> tuple[bool, bool]:
    """Whether the script parts no words, and whether it is Chinese."""
    letters = sum(map(str.isalpha, text)) or 1
    kana, chinese = len(_KANA.findall(text)), len(_CHINESE.findall(text))
    unparted = kana + chinese + len(_UNPARTED.findall(text)) > _FEW * letters
    return unparted, unparted and chinese > 0 and not kana


def _overlap(answer: str, expected: str, tokenize: str) -> Overlap:
    found = _bleu(tokenize).sentence_score(answer, [expected])
    return Overlap(
        matches=tuple(found.counts), all=tuple(found.totals), words=found.sys_len, expected=found.ref_len
    )


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


@cache
def _bleu(tokenize: str) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokenize, effective_order=True)


class _Words:
    """Words of any alphabet, as rouge-score's own has them of ASCII."""

    def tokenize(self, text: str) -> list[str]:
        return _WORD.findall(folded(text))


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rouge1", "rougeL"], tokenizer=_Words())
