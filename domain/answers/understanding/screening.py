"""Screening: how far a text gives orders to the agent, in a message, a document, a product's text. Pure, and linear in the text's length.

By the words of six languages, by forms that a forged prompt has, by characters that nobody sees; and by likeness to known texts, where the
caller has vectors. Nothing is refused here: whoever asks decides (docs/understanding.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import mul

from domain.answers.understanding.phrases import Phrases
from domain.answers.understanding.result import Screened
from domain.answers.understanding.tokens import tokens
from domain.answers.understanding.words.injection import ORDERS, WEIGHT

FLAGGED = 0.5
"""Score from which on a text is suspicious."""

LIKE, ALIKE = 0.62, 0.8
"""Cosine from which on likeness to a known text counts, and from which on it counts in full."""

LIKENESS = 0.6
"""What full likeness says by itself."""

MOST = 12
"""Entries of evidence."""

# one table for all languages: an order in another language than the text's is an order as well
_PHRASES = Phrases(
    {
        label: [entry for entries in by_language.values() for entry in entries]
        for label, by_language in ORDERS.items()
    }
)
_FORGED = re.compile(
    r"<\|[a-z_]{2,20}\|>|\[/?INST\]|<</?SYS>>|</?(?:system|assistant|instructions?|prompt)[ >]|</document[ >]"
    r"|^[ \t#*]{0,8}(?:system|assistant|developer|human|instruction|user|systemnachricht|système|sistema)[ \t*]{0,4}(?:prompt|message)?[ \t*]{0,4}:[ \t]?\S"
    r"|\"role\"\s{0,3}:\s{0,3}\"(?:system|assistant|developer)\"",
    re.IGNORECASE | re.MULTILINE,
)
_HIDDEN = re.compile("[\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_JOINER = re.compile("(?<=[^\u0000-\u00ff])[\u200c\u200d](?=[^\u0000-\u00ff])")
"""Emoji and the scripts of Persia and India are joined by them."""

HIDDEN = 3
"""Characters that nobody sees, from which on they are evidence."""


def screen(text: str, *, likeness: float = 0.0) -> Screened:
    """`likeness`: the cosine to the nearest known text (`nearest`), where there are vectors."""
    evidence, rest = [], 1.0
    bare = _HIDDEN.sub("", text)
    read = tokens(bare)
    seen: set[str] = set()
    for found in _PHRASES.find(read.words):
        if found.label not in seen:
            seen.add(found.label)
            rest *= 1 - WEIGHT[found.label]
            evidence.append(f"{found.label}: {' '.join(read.words[found.first : found.last])[:80]}")
    if (forged := _FORGED.search(bare)) is not None:
        rest *= 1 - WEIGHT["forged"]
        evidence.append(f"forged: {forged[0].strip()[:40]}")
    if (hidden := len(_HIDDEN.findall(_JOINER.sub("", text)))) >= HIDDEN:
        rest *= 1 - WEIGHT["hidden"]
        evidence.append(f"hidden: {hidden} characters that nobody sees")
    if likeness >= LIKE:
        rest *= 1 - LIKENESS * min(1.0, (likeness - LIKE) / (ALIKE - LIKE))
        evidence.append(f"likeness: {likeness:.2f} to a known text")
    return Screened(score=round(1 - rest, 3), evidence=tuple(evidence[:MOST]))


def nearest(vector: Sequence[float], known: Sequence[Sequence[float]]) -> float:
    """The cosine to the nearest of the known vectors, all of length 1; 0 where there is none."""
    return max((sum(map(mul, vector, each)) for each in known), default=0.0)
