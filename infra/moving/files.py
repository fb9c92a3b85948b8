"""The files of the one tenant that travels in a folder."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from infra.storage.folder import FolderBlobs


class ParcelFiles(FolderBlobs):
    """Its names are right below the folder."""

    def home(self, tenant: UUID) -> Path:
        return self.folder
