"""Documents, the knowledge base, and search in both; search in the catalogue. `upload.py`: a form taken in piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.retrieval import (
    document,
    document_chunks,
    embedding_model,
    knowledge,
    knowledge_import,
    knowledge_search,
    offers,
    search,
    vector_index,
)
from interfaces.http.retrieval.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    document.ROUTER,
    document_chunks.ROUTER,
    knowledge.ROUTER,
    knowledge_import.ROUTER,
    knowledge_search.ROUTER,
    search.ROUTER,
    embedding_model.ROUTER,
    vector_index.ROUTER,
    offers.ROUTER,
)
