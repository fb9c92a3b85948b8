"""Opens the place in which a deployment, or a cell of it, keeps its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from infra.secret import Secret
from infra.storage.address import Keys, bucket_of
from infra.storage.blobs import Blobs
from infra.storage.folder import FolderBlobs

if TYPE_CHECKING:
    from infra.storage.s3 import S3Blobs

FOLDER = "files"
"""Below the data folder: the files themselves, or what is on its way to a store."""


class Given(Protocol):
    """As settings have it."""

    @property
    def data(self) -> Path: ...
    @property
    def files(self) -> str | None: ...
    @property
    def aws_access_key_id(self) -> Secret | None: ...
    @property
    def aws_secret_access_key(self) -> Secret | None: ...
    @property
    def aws_session_token(self) -> Secret | None: ...


def blobs_of(given: Given) -> Blobs:
    """A folder, or a bucket, whose client is loaded when it is needed first."""
    if given.files is None:
        return FolderBlobs(given.data / FOLDER)
    return bucket_at(given)


def bucket_at(given: Given) -> S3Blobs:
    """Of settings that name one."""
    from infra.storage.s3 import S3Blobs

    assert given.files is not None
    keys = Keys(given.aws_access_key_id, given.aws_secret_access_key, given.aws_session_token)
    return S3Blobs(bucket_of(given.files), keys, given.data / FOLDER)
