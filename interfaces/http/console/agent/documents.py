"""Documents: how far each is, processed again, deleted. `upload.py` takes them in."""

from __future__ import annotations

from typing import Literal

import msgspec

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.retrieval import document


class DocumentsWanted(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["pending", "processing", "completed", "failed"] | None = None


SCREENS = (
    Screen(
        path="/console/documents",
        template="agent/documents.html",
        reads={"documents": document.list_all},
        filters=DocumentsWanted,
        more=lambda facts: {
            "busy": any(each.status in ("pending", "processing") for each in facts["documents"].items)
            if facts["documents"]
            else False
        },
    ),
    Screen(
        path="/console/documents/{document:uuid}",
        template="agent/document.html",
        reads={"document": document.read},
        more=lambda facts: {"busy": facts["document"].status in ("pending", "processing")},
        forms={
            "reprocess": Form(
                route=document.reprocess,
                button="Process it again",
                done="It is being processed again.",
                rate="uploads",
            ),
            "delete": Form(
                route=document.remove,
                button="Delete this document",
                to="/console/documents",
                done="The document is deleted.",
                confirm="Its file and all that is found of it are removed. Answers rest on it no more. It can not be undone.",
                danger=True,
            ),
        },
    ),
)
