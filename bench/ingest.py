"""Pages per second of processor time from a PDF to passages with vectors, beside LangChain's usual loader and splitter with the same embedder; memory
for 100 and for 1,000 pages; scanned pages beside RapidOCR alone.

Each contestant runs in a process of its own, which counts its own processor time: a machine that others keep busy distorts it little.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.book import book, scanned
from bench.harness import Contestant, Floor, Result, conditions, parser, report, rounds
from bench.rivals import langchain_ingest

OURS = (sys.executable, "-m", "bench.ingest_child")
SMALL, LARGE = 100, 1_000
"""Pages of the files whose memory is compared."""
SCANS = 3


def main() -> None:
    arguments = parser("reading, cutting and embedding a PDF")
    arguments.add_argument("--pages", type=int, default=300, help="of the file (default: %(default)d)")
    arguments.add_argument("--rounds", type=int, default=3, help="default: %(default)d")
    arguments.add_argument("--scans", type=int, default=SCANS, help="scanned pages; 0: none")
    given = arguments.parse_args()
    python, version = langchain_ingest.install()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {pages: folder / f"{pages}.pdf" for pages in {given.pages, SMALL, LARGE}}
        for pages, file in files.items():
            file.write_bytes(book(pages))
        theirs = (str(python), langchain_ingest.__file__)
        contestants: list[Contestant] = [
            partial(_text, "ours", (*OURS, "text"), files[given.pages]),
            partial(_text, "langchain", theirs, files[given.pages]),
        ]
        if given.scans:
            scans = folder / "scans.pdf"
            scans.write_bytes(scanned(book(given.scans)))
            contestants += [partial(_scans, which, scans) for which in ("ocr", "package")]
        measured = rounds(contestants, given.rounds)
        peaks = {pages: _run((*OURS, "text"), files[pages])["peak_mb"] for pages in (SMALL, LARGE)}
    figures = measured.medians | {f"ours_peak_mb_{pages}": peak for pages, peak in peaks.items()}
    ratio = measured.ratio("ours_pages_per_cpu_s", "langchain_pages_per_cpu_s")
    floors = [
        Floor("× LangChain", ratio, least=5),
        Floor("pages of text a second", figures["ours_text_pages_per_cpu_s"], least=100),
        Floor(f"memory of {LARGE} pages to {SMALL}", peaks[LARGE] / peaks[SMALL], most=1.2),
    ]
    if given.scans:
        scanned_ratio = measured.ratio("ocr_pages_per_cpu_s", "package_pages_per_cpu_s")
        figures["times_package_ocr"] = scanned_ratio
        floors.append(Floor("× RapidOCR alone", scanned_ratio, least=1))
    facts = conditions("none", rounds=given.rounds, pages=given.pages, scans=given.scans, langchain=version)
    report(
        Result(name="ingest", ratio=ratio, figures=figures, floors=tuple(floors), conditions=facts),
        given.json,
    )


def _run(command: Sequence[str], file: Path) -> dict[str, float]:
    done = subprocess.run([*command, str(file)], check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _text(name: str, command: Sequence[str], file: Path) -> dict[str, float]:
    found = _run(command, file)
    pages, read, cut, embed = (found[key] for key in ("pages", "read", "cut", "embed"))
    return {
        f"{name}_pages_per_cpu_s": pages / (read + cut + embed),
        f"{name}_text_pages_per_cpu_s": pages / (read + cut),
        **{f"{name}_{key}_cpu_ms_a_page": 1000 * found[key] / pages for key in ("read", "cut", "embed")},
        f"{name}_passages": found["passages"],
        f"{name}_peak_mb": found["peak_mb"],
    }


def _scans(name: str, file: Path) -> dict[str, float]:
    found = _run((*OURS, name), file)
    return {f"{name}_pages_per_cpu_s": found["pages"] / found["read"], f"{name}_words": found["words"]}


if __name__ == "__main__":
    main()
