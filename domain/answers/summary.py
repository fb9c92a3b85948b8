"""Summaries: by rules, where no model is asked, and the prompt where one is. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.templates import SUMMARY
from domain.answers.wordings import Wordings
from domain.base.sentences import sentences
from domain.models.completion import Turn
from domain.retrieval.passages import word_outside

WORDS = 150
"""That a summary has at most."""

BY_RULES = "rules/1"
"""Goes up with any change of them."""

_LONGEST = 160
"""Characters of what is taken of one turn by rules."""

_ALL = 1_200
"""Characters of a summary by rules."""


def summary_by_rules(earlier: str | None, turns: Sequence[Turn]) -> str:
    """What was asked, and the first sentence of what was answered, the latest as far as there is room; before it what was summed up earlier."""
    lines, left = list[str](), _ALL
    said = [(turn.role, _gist(turn.text)) for turn in turns if turn.text.strip()]
    for role, gist in reversed(said):
        line = f"{'Customer' if role == 'user' else 'Agent'}: {gist}"
        if len(line) > left:
            break
        lines.append(line)
        left -= len(line) + 1
    before = (earlier or "").splitlines()
    while before and len(before[-1]) <= left:
        line = before.pop()
        lines.append(line)
        left -= len(line) + 1
    return "\n".join(reversed(lines))


def summary_prompt(wordings: Wordings, earlier: str | None, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """What was said stands between lines with a word that none of it holds."""
    said = [f"{'Customer' if turn.role == 'user' else 'Agent'}: {turn.text}" for turn in turns]
    if earlier:
        said.insert(0, f"Summed up before: {earlier}")
    word = word_outside("summary " + "\n".join(said), said)
    text = "\n".join([f"<conversation {word}>", *said, f"</conversation {word}>"])
    rules = wordings.prompt(SUMMARY.name, {"words": str(WORDS)})
    told = f"It begins and ends only where a line in angle brackets says {word}."
    return Turn(role="system", text=f"{rules}\n{told}"), Turn(role="user", text=text)


def _gist(text: str) -> str:
    """The question in it, else its first sentence."""
    found = [" ".join(each.split()) for each in sentences(text[:2_000])] or [" ".join(text.split())]
    asked = next((each for each in found if each.rstrip().endswith(("?", "؟", "？"))), found[0])
    return asked if len(asked) <= _LONGEST else f"{asked[: _LONGEST - 1].rstrip()}…"
