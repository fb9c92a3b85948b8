"""A process that does the work of one document, to be killed: DATABASE DATA TENANT DOCUMENT."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from uuid import UUID, uuid4

from application.retrieval.process_document import ProcessDocument, process_document
from domain.base.context import Context
from infra.settings import Secret, Settings
from interfaces.bootstrap import services
from tests.application.conftest import MASTER


async def main(database: str, data: str, tenant: str, document: str) -> None:
    settings = Settings(
        database_url=Secret(database),
        data=Path(data),
        master_key=Secret(MASTER),
        allow_private_addresses=True,
    )
    context = Context(tenant=UUID(tenant), actor="system:worker", correlation=uuid4())
    async with services(settings, pool=4) as parts:
        await process_document(
            ProcessDocument(document=UUID(document)),
            context,
            store=parts.store,
            keyring=parts.keyring,
            files=parts.files,
            extractor=parts.extractor,
            embedder=parts.embedder,
            vectors=parts.vectors,
            named=parts.named_documents,
            catalogue=parts.catalogue,
            progress=parts.progress,
            clock=parts.clock,
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
