"""The knowledge base: entries written, changed, deleted, restored."""

from __future__ import annotations

from typing import Literal

import msgspec

from domain.retrieval.knowledge import Kind
from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.retrieval import knowledge
from interfaces.http.retrieval.knowledge_forms import EntryIn


class EntriesWanted(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind | None = None
    category: str | None = None
    active: bool | None = None
    status: Literal["present", "deleted"] | None = None


HINTS = {
    "title": "The question, of a question with its answer.",
    "keywords": "What it is also called: it is found by them, and does not tell them.",
    "priority": "Of several that fit as well, the higher one comes first.",
    "active": "Answers rest on it.",
}

SCREENS = (
    Screen(
        path="/console/knowledge",
        template="agent/knowledge.html",
        reads={"entries": knowledge.list_all},
        filters=EntriesWanted,
        forms={
            "write": Form(
                route=knowledge.create,
                body=EntryIn,
                button="Write an entry",
                to="/console/knowledge/{id}",
                done="Written. Answers rest on it a moment later.",
                hints=HINTS,
            )
        },
    ),
    Screen(
        path="/console/knowledge/{entry:uuid}",
        template="agent/entry.html",
        reads={"entry": knowledge.read},
        forms={
            "change": Form(
                route=knowledge.update,
                body=EntryIn,
                button="Save as a new version",
                done="Saved. Answers rest on it a moment later.",
                current=lambda facts: facts["entry"],
                hints=HINTS,
                offered=lambda facts: facts["entry"].status != "deleted",
            ),
            "delete": Form(
                route=knowledge.remove,
                button="Delete this entry",
                done="Deleted: nothing of it is found any more.",
                danger=True,
                offered=lambda facts: facts["entry"].status != "deleted",
            ),
            "restore": Form(
                route=knowledge.restore,
                button="Restore this entry",
                done="Restored. Answers rest on it a moment later.",
                offered=lambda facts: facts["entry"].status == "deleted",
            ),
        },
    ),
)
