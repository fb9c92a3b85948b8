"""The store that has the files, where it is not a folder."""

from __future__ import annotations

from infra.settings import Settings
from infra.storage.address import is_same
from interfaces.doctor.check import Check
from interfaces.running import Running

VERSIONS = (
    "; it keeps versions: what is deleted stays there, sealed under keys that may be destroyed, until a rule of the bucket's lifecycle removes "
    "noncurrent versions (docs/files.md)"
)


async def of_files(settings: Settings, running: Running | None) -> Check | None:
    """None: they are in the data folder, and nobody says otherwise."""
    if running is not None and not is_same(running.files, settings.files):
        theirs, ours = running.files or "the data folder", settings.files or "the data folder"
        text = f"the running roles have them in {theirs}, not in {ours}: set RETRACE_FILES as they have it, or restart `retrace up`"
        return Check("files", False, text)
    if settings.files is None:
        return None
    from infra.storage.opening import bucket_at  # with its client
    from infra.storage.probing import probe

    found = await probe(bucket_at(settings))
    if found.trouble is not None:
        return Check("files", False, found.trouble)
    detail = f"{settings.files} can be written, listed, read and removed from"
    return Check("files", True, detail + (VERSIONS if found.versions else ""))
