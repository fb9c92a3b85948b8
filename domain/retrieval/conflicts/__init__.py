"""Conflicts between sources: other figures for the same thing, and which of them counts. Begin in `conflicts.py`."""
