"""OCR: the text of pages that are pictures, as scans are; in the sandbox, each page in a process of its own.

Begin in `scans.py`. A page is drawn and its words are read with their places (`words.py`) as if they were text objects, so that the rows, columns and running titles of a scan
are found as those of any other page. What reads is an extra, `ocr`, for its size.
"""

from __future__ import annotations

from infra.retrieval.ocr.scans import Scans

__all__ = ["Scans"]
