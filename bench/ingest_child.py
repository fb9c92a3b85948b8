"""One contestant of `bench.ingest`, in a process of its own: processor time of its steps, and the most memory that it had."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from domain.retrieval.chunking import chunk
from infra.retrieval.ocr import Scans
from infra.retrieval.ocr.words import load
from infra.retrieval.pdf import read_pdf
from infra.retrieval.preparing import AT_ONCE, EMBEDDER, warm


def text(content: bytes) -> dict[str, float]:
    """A file to passages with vectors, as the sandbox's process does it."""
    warm()
    began = time.process_time()
    read = read_pdf(content)
    after_read = time.process_time()
    pieces = chunk(read.pages, EMBEDDER.count_tokens)
    after_cut = time.process_time()
    for start in range(0, len(pieces), AT_ONCE):
        EMBEDDER.vectors([piece.text for piece in pieces[start : start + AT_ONCE]])
    seconds = {"read": after_read - began, "cut": after_cut - after_read}
    seconds["embed"] = time.process_time() - after_cut
    return {"pages": len(read.pages), "passages": len(pieces), **seconds}


def ocr(content: bytes) -> dict[str, float]:
    """Scans as they are read here: each page in a forked process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.process_time()
    read = read_pdf(content, Scans(page_seconds=600, document_seconds=3600.0))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    words = sum(len(page.split()) for _, page in read.pages)
    return {"pages": len(read.recognised), "words": words, "read": time.process_time() - began + children}


def package(content: bytes) -> dict[str, float]:
    """The same pages by RapidOCR as it comes (its classifier on, its sizes), with one thread, in one process."""
    import pypdfium2
    import rapidocr

    threads = {f"EngineConfig.onnxruntime.{name}_op_num_threads": 1 for name in ("intra", "inter")}
    models = Path(rapidocr.__file__).parent / "models"
    assert models.is_dir(), "it comes with its models"
    load()  # as ours does before it is timed: its imports
    began = time.process_time()
    engine = rapidocr.RapidOCR(params={"Global.log_level": "critical", **threads})
    document, words = pypdfium2.PdfDocument(content), 0
    for page in document:
        picture = page.render(scale=2000 / max(page.get_size()), may_draw_forms=False).to_numpy()
        words += sum(len(each.split()) for each in getattr(engine(picture), "txts", None) or ())
    return {"pages": len(document), "words": words, "read": time.process_time() - began}


def main(which: str, file: str) -> None:
    figures = {"text": text, "ocr": ocr, "package": package}[which](Path(file).read_bytes())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peak_mb": peak, **figures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
