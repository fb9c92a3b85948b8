"""Views of what answers rest on: documents, knowledge, retrievals."""

from __future__ import annotations

from projections.documents import Documents
from projections.documents import documents as d
from projections.enrichments import Enrichments, enrichments
from projections.knowledge import Entries
from projections.knowledge import knowledge as k
from projections.retrievals import Retrievals, passages, retrievals, sources, unanswered
from projections.views.view import View, column

RETRIEVALS = View(
    name="retrievals",
    what="searches for passages, by day",
    projection=Retrievals,
    key=("day",),
    time="day",
    columns=(
        column(retrievals.c.day, "UTC"),
        column(retrievals.c.retrievals, "how many"),
        column(retrievals.c.found, "those that found something good"),
        column(retrievals.c.weak, "those that found something weak"),
        column(retrievals.c.nothing, "those that found nothing"),
        column(retrievals.c.cited, "those of which an answer cited something"),
        column(retrievals.c.cost, "USD, exact", "cost_usd"),
    ),
)
RETRIEVAL_SOURCES = View(
    name="retrieval_sources",
    what="look-ups, by day, source and outcome",
    projection=Retrievals,
    key=("day", "source", "outcome"),
    time="day",
    columns=(
        column(sources.c.day, "UTC"),
        column(sources.c.source, "who was asked: `index`, `catalogue`, `purchases`, `internet` or `now`"),
        column(
            sources.c.outcome, "what came of it: `found`, `nothing`, `late`, `failed`, `busy` or `spared`"
        ),
        column(sources.c.lookups, "how often"),
        column(sources.c.passages, "passages that they gave"),
    ),
)
RETRIEVED_PASSAGES = View(
    name="retrieved_passages",
    what="passages that stood in prompts, by day",
    projection=Retrievals,
    key=("day", "document", "passage"),
    time="day",
    columns=(
        column(passages.c.day, "UTC"),
        column(passages.c.document, "id of the document, or of what else it is from"),
        column(passages.c.passage, "which of its passages"),
        column(passages.c.source, "`document`, `knowledge`, `shop` or `internet`"),
        column(passages.c.found, "in how many prompts it stood"),
        column(passages.c.first, "in how many it stood first", "first_places"),
        column(passages.c.cited, "in how many answers it was cited"),
    ),
)
UNANSWERED = View(
    name="unanswered",
    what="a question that nothing good was found for",
    projection=Retrievals,
    key=("position",),
    time="at",
    columns=(
        column(unanswered.c.position, "in the tenant's log"),
        column(unanswered.c.interaction, "id of the interaction, or of an app's call"),
        column(unanswered.c.at, "when"),
        column(unanswered.c.result, "`weak` or `nothing`"),
    ),
)
ENRICHMENTS = View(
    name="enrichments",
    what="products that were looked up on the internet, by day",
    projection=Enrichments,
    key=("day",),
    time="day",
    columns=(
        column(enrichments.c.day, "UTC"),
        column(enrichments.c.missing, "how often something was wanted that was not there"),
        column(enrichments.c.stale, "how often something was wanted that was older than a day"),
        column(enrichments.c.found, "searches that found something"),
        column(enrichments.c.nothing, "searches that found nothing"),
        column(enrichments.c.failed, "searches that failed"),
        column(enrichments.c.cost, "USD, exact, of the models that made facts of pages", "cost_usd"),
    ),
)
DOCUMENTS = View(
    name="documents",
    what="a document, and how far it has come",
    projection=Documents,
    key=("document",),
    time="uploaded_at",
    columns=(
        column(d.c.document, "its id"),
        column(d.c.media_type, "as `application/pdf`"),
        column(d.c.size, "bytes", "size_bytes"),
        column(d.c.status, "how far it has come"),
        column(d.c.pages, "pages"),
        column(d.c.chunks, "passages"),
        column(d.c.tokens, "tokens that were embedded"),
        column(d.c.embedding_model, "by which model"),
        column(d.c.cost, "USD, exact", "cost_usd"),
        column(d.c.uploaded_at, "when it came"),
        column(d.c.changed_at, "when it came this far"),
        column(d.c.took_ms, "milliseconds of its latest processing that was completed"),
    ),
)
KNOWLEDGE = View(
    name="knowledge",
    what="an entry of the knowledge base",
    projection=Entries,
    key=("entry",),
    time="created_at",
    columns=(
        column(k.c.entry, "its id"),
        column(k.c.kind, "its form"),
        column(k.c.priority, "which goes first where several fit"),
        column(k.c.active, "whether it is used"),
        column(k.c.status, "how far it has come"),
        column(k.c.chunks, "passages"),
        column(k.c.tokens, "tokens that were embedded"),
        column(k.c.embedding_model, "by which model"),
        column(k.c.cost, "USD, exact", "cost_usd"),
        column(k.c.created_at, "when it was made"),
        column(k.c.changed_at, "when it was changed last"),
    ),
)
