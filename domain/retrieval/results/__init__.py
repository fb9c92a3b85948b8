"""Results of a retrieval: what several sources brought in one order (`ranking.py`), and what of it goes on record (`lookup.py`, `figures.py`)."""
