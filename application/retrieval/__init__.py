"""Retrieval: documents taken in, processed by work, searched; every call of an embedding model on record.

Begin in `document.py: upload_document`, then `retrieve.py`: the passages that an answer may rest on.
"""
