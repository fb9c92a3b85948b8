"""How passages are found: the embedding model, and the vector index."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.retrieval import embedding_model, vector_index
from interfaces.http.retrieval.embedding_model import EmbeddingModelIn

SCREENS = (
    Screen(
        path="/console/embeddings",
        template="agent/embeddings.html",
        reads={"embedding": embedding_model.read, "index": vector_index.read},
        forms={
            "choose": Form(
                route=embedding_model.replace,
                body=EmbeddingModelIn,
                button="Choose this model",
                done="Chosen. Passages are found by the one before until all are embedded anew.",
                current=lambda facts: {"model": facts["embedding"].serving.partition("@")[0]},
                hints={
                    "model": "provider/name; local/wordllama-256 is built in.",
                    "dimension": "Empty: what it makes by itself.",
                },
                confirm="All passages are embedded anew, which a provider may bill. The model before serves until that is done.",
            )
        },
    ),
)
