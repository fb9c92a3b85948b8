"""Attribution: whether what an answer cites bears it out (`bearing.py`), and how that is written out for a customer (`written_citations.py`)."""

from __future__ import annotations
