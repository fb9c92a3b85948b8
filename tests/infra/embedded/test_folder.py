"""A data folder that can't be used is told in one sentence with the way out, and no folder is opened to others in silence."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import FolderUnusable, prepare_folder
from tests.infra.embedded.small_disk import run_on_small_disk

WAY_OUT = "or choose another one with --data or RETRACE_DATA"


def test_a_small_a_full_and_a_read_only_disk_are_told(tmp_path: Path) -> None:
    said = run_on_small_disk("tests.infra.embedded.unusable", tmp_path, 8).splitlines()
    # A new file system keeps some kB for itself, on some machines.
    assert re.search(r"has no room for it: 128 MB are needed and [78] MB are free; make room", said[0])
    data, other = tmp_path / "data", tmp_path / "other"
    assert said[1:] == [
        f"the data folder {data} can't be used: its disk is full; make room, {WAY_OUT}",
        f"the data folder {data} can't be used: it lies on a disk that may only be read; mount that one to be written, {WAY_OUT}",
        f"the data folder {other} can't be used: it lies on a disk that may only be read; mount that one to be written, {WAY_OUT}",
    ]


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(FolderUnusable, match="file is no folder; move it away, or choose another"):
            prepare_folder(folder)


def test_whoever_may_not_write_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refused)
    with pytest.raises(FolderUnusable, match=r"the user \w+ may not write there; let them, or choose"):
        prepare_folder(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_folders_above_are_opened_with_a_word_or_not_at_all(tmp_path: Path) -> None:
    above = tmp_path / "mine"
    above.mkdir(mode=0o700)
    said: list[str] = []
    with EmbeddedPostgres(above / "data", said.append) as server:
        assert server.alive()
    assert len(said) == 1
    assert str(above) in said[0]
    assert "(chmod o+x)" in said[0]
    with EmbeddedPostgres(above / "data", said.append):
        assert len(said) == 1
