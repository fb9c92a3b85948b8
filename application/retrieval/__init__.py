"""Retrieval: documents taken in, processed by work, searched; every call of an embedding model on record.

Begin in `document.py: upload_document`, then `retrieve.py`: the passages that an answer may rest on. `embedding.py`: who embeds, and is metered;
`passages_embedded.py`: in batches, each text paid for once; `change_model.py`: by another model from now on.
"""
