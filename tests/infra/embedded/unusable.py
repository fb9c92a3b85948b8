"""A data folder that can't be written, said in words: python -m tests.infra.embedded.unusable FOLDER, a small disk's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infra.embedded import servers
from infra.embedded.process import FolderUnusable, ServerFailed, prepare_folder
from tests.infra.embedded.small_disk import filled


def main(folder: Path) -> None:
    try:
        with servers(folder / "data", redis_url="redis://nowhere"):
            raise AssertionError("there was room")
    except ServerFailed as error:
        print(error)
    with filled(folder):
        refused(folder / "data")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    refused(folder / "data")
    refused(folder / "other")


def refused(folder: Path) -> None:
    try:
        prepare_folder(folder)
    except FolderUnusable as error:
        print(error)
    else:
        raise AssertionError("it could be written")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
