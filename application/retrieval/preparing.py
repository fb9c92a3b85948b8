"""A document prepared for the index: its text extracted and cut, and the passages embedded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from application.ports import Extracted, Extractor, Files
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.passages import embed_passages
from domain.base.context import Context
from domain.retrieval.document import Document
from domain.retrieval.embedding_model import LOCAL


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """`vectors`, one a chunk, are of the vector space `model`; `reused`: how many had been made before."""

    extracted: Extracted
    model: str
    vectors: Sequence[Sequence[float]]
    reused: int = 0


async def prepared(
    document: Document,
    model: str,
    context: Context,
    *,
    files: Files,
    extractor: Extractor,
    embedder: MeteredEmbedder,
) -> Prepared:
    """Raises what the extractor does, and what `embed_passages` does."""
    content = files.read(context.tenant, document.id)
    extracted = await extractor.extract(content, document.state.media_type, embed=model == LOCAL)
    if model == LOCAL:  # made where the text was cut
        vectors = [each.embedding for each in extracted.chunks]
        return Prepared(extracted=extracted, model=model, vectors=vectors)
    texts = [each.text for each in extracted.chunks]
    made = await embed_passages(document.id, texts, context, embedder, model=model)
    return Prepared(extracted=extracted, model=model, vectors=made.vectors, reused=made.reused)
