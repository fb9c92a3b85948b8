"""Documents as they go over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.params import QueryParameter

from application.ports import Progress
from domain.base.patterns import VISIBLE
from domain.retrieval.document import Status
from domain.retrieval.unread import UnreadBecause
from projections.documents import DocumentRow

MediaType = Annotated[
    str | None, QueryParameter(max_length=100, pattern=VISIBLE, description="As application/pdf.")
]


class ProgressOut(msgspec.Struct, frozen=True, kw_only=True):
    """`done` of `of`: pages while it is `reading`, chunks while it is `embedding` and `indexing`; `of` is 0 while that is not known."""

    step: Literal["reading", "embedding", "indexing"]
    done: int
    of: int


class DocumentOut(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` says, for a person, why processing failed, or waits while it is `processing`; `warnings`, what of a completed document is not there to be found.
    `progress`: while it is `processing`, null where it can't be told. `took_ms`: from its text to its place in the index, of the latest time that this was completed. `cost`: of all
    its embeddings, in USD."""

    id: UUID
    name: str
    media_type: str
    size: int
    status: Status
    reason: str | None
    warnings: list[str]
    progress: ProgressOut | None
    pages: int
    chunks: int
    tokens: int
    embedding_model: str | None
    cost: Decimal
    took_ms: float | None
    uploaded_at: datetime
    changed_at: datetime


class CutOut(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens: what chunks were to have at least and at most, and share with the one before."""

    smallest: int
    largest: int
    overlap: int


class StatisticsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Of the chunks in the index; `smallest`, `largest` and `average` in tokens, 0 where there are none. `cut`: the sizes that the agent's configuration had when
    they were cut, null where there are none."""

    chunks: int
    tokens: int
    smallest: int
    largest: int
    average: float
    cut: CutOut | None


class ReadDocumentOut(DocumentOut, frozen=True, kw_only=True):
    """As in the list, and the `statistics` of its chunks."""

    statistics: StatisticsOut


class UploadOut(msgspec.Struct, frozen=True, kw_only=True):
    """`duplicate`: this very content was there already, as this document. `same_name`: other documents that have its name, with other
    content, the oldest first; null where that could not be told in time."""

    id: UUID
    status: Status
    duplicate: bool
    same_name: list[UUID] | None


class ReprocessOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    status: Literal["pending"] = "pending"


WAYS_OUT: dict[UnreadBecause, str] = {
    "": "run the file through text recognition and upload the result",
    "late": "reading scans took too long; split the file and upload its parts",
    "no_ocr": "OCR is not installed here (its operator adds it: pip install '.[ocr]'); have the file processed again then, or run it through text recognition and upload the result",
}


def unread_told(pages: Sequence[int], because: UnreadBecause = "") -> str:
    """That pages could not be read, for a person."""
    stretches: list[list[int]] = []
    for page in pages:
        if stretches and page == stretches[-1][-1] + 1:
            stretches[-1][1:] = [page]
        else:
            stretches.append([page])
    named = ", ".join("–".join(map(str, stretch)) for stretch in stretches)
    which, have = ("page", "has") if len(pages) == 1 else ("pages", "have")
    return (
        f"{which} {named} {have} no text that could be read, as a scan or a picture may have none: what stands there is not found; "
        f"{WAYS_OUT[because]}"
    )


def shown_document(row: DocumentRow, texts: Mapping[int, str], progress: Progress | None) -> DocumentOut:
    running = progress if row.status == "processing" else None
    return DocumentOut(
        id=row.document,
        name=texts.get(row.uploaded, ""),
        media_type=row.media_type,
        size=row.size,
        status=row.status,
        reason=texts.get(row.failed) if row.failed else None,
        warnings=[texts[row.unread]] if row.unread and row.unread in texts else [],
        progress=None if running is None else ProgressOut(**msgspec.structs.asdict(running)),
        pages=row.pages,
        chunks=row.chunks,
        tokens=row.tokens,
        embedding_model=row.embedding_model,
        cost=row.cost,
        took_ms=row.took_ms,
        uploaded_at=row.uploaded_at,
        changed_at=row.changed_at,
    )
