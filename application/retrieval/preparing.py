"""A document prepared for the index: its text extracted and cut, and the passages embedded."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from application.ports import Extracted, Extractor, Files, Progress, TellProgress, untold
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.embedding.passages import embed_passages
from domain.agents.chunk_sizes import ChunkSizes
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
    sizes: ChunkSizes,
    context: Context,
    *,
    files: Files,
    extractor: Extractor,
    embedder: MeteredEmbedder,
    told: TellProgress = untold,
) -> Prepared:
    """`told` hears how far it is. Raises what the extractor does, and what `embed_passages` does."""
    content = files.read(context.tenant, document.id)
    local = model == LOCAL
    extracted = await extractor.extract(
        content,
        document.state.media_type,
        sizes=sizes,
        embed=local,
        told=told if local else _reading(told),
    )
    if local:  # made where the text was cut
        vectors = [each.embedding for each in extracted.chunks]
        return Prepared(extracted=extracted, model=model, vectors=vectors)
    texts = [each.text for each in extracted.chunks]
    made = await embed_passages(document.id, texts, context, embedder, model=model, told=told)
    return Prepared(extracted=extracted, model=model, vectors=made.vectors, reused=made.reused)


def _reading(told: TellProgress) -> TellProgress:
    """Of an extraction after which the passages are embedded elsewhere: only how far the reading is."""

    async def tell(progress: Progress) -> None:
        if progress.step == "reading":
            await told(progress)

    return tell
