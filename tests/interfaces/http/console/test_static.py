"""What pages load: unchanged, small, and kept by browsers for as long as it is the same."""

from __future__ import annotations

import gzip
import re
from hashlib import sha256
from pathlib import Path

import httpx

from interfaces.http.console import static_files
from interfaces.http.console.static_files import FILES, path_of

VENDOR = Path(static_files.__file__).parent / "static" / "vendor"


def test_scripts_of_others_are_as_they_published_them() -> None:
    told = dict(
        re.findall(
            r"^\| (\S+\.\w+) \|.*\| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.MULTILINE
        )
    )
    there = {path.name for path in VENDOR.iterdir() if path.suffix in (".js", ".css")}
    assert told.keys() == there
    assert {name: sha256((VENDOR / name).read_bytes()).hexdigest() for name in there} == told


async def test_a_file_is_kept_for_a_year_under_its_digest_and_not_under_another(
    anyone: httpx.AsyncClient,
) -> None:
    path = path_of("htmx.min.js")
    reply = await anyone.get(path)
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.content == FILES["htmx.min.js"].content
    plain = await anyone.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == gzip.decompress(FILES["htmx.min.js"].packed)
    old = await anyone.get("/console/static/0123456789abcdef/htmx.min.js")
    assert (old.status_code, old.headers["Cache-Control"]) == (200, "no-cache")
    for name in ("page.py", "..%2fpage.py", "base.html", "README.md"):
        assert (await anyone.get(f"/console/static/0123456789abcdef/{name}")).status_code == 404
