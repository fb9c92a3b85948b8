"""Prompts and texts: the shipped words, and the tenant's own in their place."""

from __future__ import annotations

from typing import Any

from interfaces.http.answers import prompts
from interfaces.http.answers.prompts import PromptIn
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen


def _words(facts: Facts) -> Any:
    prompt = facts["prompt"]
    if prompt.own is not None:
        return prompt.own
    return PromptIn(text=prompt.shipped.texts.get("en") or next(iter(prompt.shipped.texts.values())))


SCREENS = (
    Screen(path="/console/prompts", template="agent/prompts.html", reads={"prompts": prompts.list_prompts}),
    Screen(
        path="/console/prompts/{name:str}",
        template="agent/prompt.html",
        reads={"prompt": prompts.read, "versions": prompts.versions},
        forms={
            "word": Form(
                route=prompts.word,
                body=PromptIn,
                button="Have it say this",
                done="The agent says it so from now on.",
                current=_words,
                labels={"texts": "In other languages"},
                hints={"texts": "The name of the language as de; for texts that customers read."},
            ),
            "withdraw": Form(
                route=prompts.withdraw,
                button="Back to the shipped words",
                done="The shipped words hold again.",
                confirm="The shipped words hold again. Your own stay on record, among the versions.",
                offered=lambda facts: facts["prompt"].own is not None,
            ),
        },
    ),
)
