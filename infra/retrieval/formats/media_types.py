"""Media types of files that can be read, as registered with IANA."""

from __future__ import annotations

PDF, TEXT = "application/pdf", "text/plain"
MARKDOWN, HTML, CSV = "text/markdown", "text/html", "text/csv"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
