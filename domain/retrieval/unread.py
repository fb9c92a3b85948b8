"""Why pages of a document could not be read."""

from __future__ import annotations

from typing import Literal

UnreadBecause = Literal["", "no_ocr", "late"]
"""`no_ocr`: what reads pictures is not installed; `late`: reading the document's scans took too long; else no text was found in what they show."""
