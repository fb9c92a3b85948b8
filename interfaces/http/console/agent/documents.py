"""Documents: how far each is, processed again, deleted. `upload.py` takes them in."""

from __future__ import annotations

from typing import Literal

import msgspec

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.retrieval import document, document_chunks
from interfaces.http.retrieval.document_forms import ProgressOut, StatisticsOut


class DocumentsWanted(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["pending", "processing", "completed", "failed"] | None = None


STEPS = {"reading": "Reading", "embedding": "Embedding", "indexing": "Indexing"}
UNITS = {"reading": "page", "embedding": "passage", "indexing": "passage"}


def told_progress(progress: ProgressOut | None) -> str:
    """As `Reading: 3 of 20 pages`; empty where it is not known."""
    if progress is None:
        return ""
    if not progress.of:
        return STEPS[progress.step]
    units = UNITS[progress.step] + ("" if progress.of == 1 else "s")
    return f"{STEPS[progress.step]}: {progress.done:,} of {progress.of:,} {units}"


def told_statistics(statistics: StatisticsOut) -> str:
    if not statistics.chunks:
        return "–"
    told = f"{statistics.smallest:,} to {statistics.largest:,}, {statistics.average:,} on average"
    cut = statistics.cut
    return told if cut is None else f"{told} (cut into {cut.smallest:,} to {cut.largest:,})"


SCREENS = (
    Screen(
        path="/console/documents",
        template="agent/documents.html",
        reads={"documents": document.list_all},
        filters=DocumentsWanted,
        more=lambda facts: {
            "busy": any(each.status in ("pending", "processing") for each in facts["documents"].items)
            if facts["documents"]
            else False,
            "told_progress": told_progress,
        },
    ),
    Screen(
        path="/console/documents/{document:uuid}",
        template="agent/document.html",
        reads={"document": document.read, "chunks": document_chunks.list_chunks},
        more=lambda facts: {
            "busy": facts["document"].status in ("pending", "processing"),
            "progress": told_progress(facts["document"].progress),
            "statistics": told_statistics(facts["document"].statistics),
        },
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
