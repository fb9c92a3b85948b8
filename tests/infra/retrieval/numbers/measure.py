"""Reads the files of the corpus; a line of JSON for each. A process of its own, as OCR forks one for each page and wants no threads beside it."""

from __future__ import annotations

import json
import sys

from infra.retrieval.ocr import Scans
from infra.retrieval.pdf import read_pdf
from tests.infra.retrieval.numbers.contents import KINDS
from tests.infra.retrieval.numbers.corpus import EACH, WRITERS, files, score


def main(seed: int, share: float) -> None:
    """A share of them, the first and the last, which is a scan, always."""
    last = EACH * len(WRITERS) * len(KINDS) - 1
    for place, file in enumerate(files(seed)):
        if place not in (0, last) and int((place + 1) * share) == int(place * share):
            continue
        found = score(file, read_pdf(file.content, Scans() if file.is_scan else None))
        kind = "scan" if file.is_scan else "text"
        told = {"kind": kind, "right": found.right, "total": found.total, "told": found.told}
        print(json.dumps({"name": file.name, **told, "wrong": found.wrong}), flush=True)


main(int(sys.argv[1]), float(sys.argv[2]))
