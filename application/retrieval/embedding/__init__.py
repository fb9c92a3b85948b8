"""Embedding: which model a tenant's passages are embedded by, its calls on record, and the change to another. Begin in `metered.py`."""
