"""PDFs: what stands on their pages, as it stands there; in the sandbox.

Text is taken object by object with its place (`runs.py`; `layers.py`: what is switched off), put into lines and the cells of rows (`lines.py`, `cells.py`), read
column by column (`columns.py`), rows whose cells go over several lines made whole (`rows.py`), rid of what repeats at the edges of pages (`repeats.py`) and written down (`writing.py`). Begin in `document.py`.
"""

from __future__ import annotations

from infra.retrieval.pdf.document import Page, PdfText, read_pdf

__all__ = ["Page", "PdfText", "read_pdf"]
