"""Embedding: which model a tenant's passages are embedded by, and its calls on record; the change to another is beside this folder. Begin in `metered.py`."""
