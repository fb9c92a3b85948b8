"""Retrieval: documents, their chunks, and the passages that an answer may rest on.

Begin in `document.py`, then `chunking.py`; `knowledge_entry.py` is what is written by hand. `passages.py`: how passages stand in a prompt and go from it when their document is erased.
`embedding_model.py`: by whose vectors they are found; `vector_index/`: how, where there are many.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.retrieval.document import Document
from domain.retrieval.embedding import Embedding
from domain.retrieval.embedding_model import EmbeddingModel
from domain.retrieval.internet.enrichment import Enrichment
from domain.retrieval.knowledge_entry import KnowledgeEntry
from domain.retrieval.knowledge_import import KnowledgeImport
from domain.retrieval.knowledge_index import KnowledgeIndex
from domain.retrieval.vector_index.index import VectorIndex

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Document,
    Embedding,
    KnowledgeEntry,
    KnowledgeIndex,
    KnowledgeImport,
    Enrichment,
    EmbeddingModel,
    VectorIndex,
)
