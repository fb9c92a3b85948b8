"""A large tenant's approximate index: a partial HNSW over its vectors of one model, beside the exact index of all.

`indexes.py` builds and drops it, as the table's owner; `known.py` tells searches of it; `sampling.py` measures its recall beside them;
`keeping.py` goes in the worker. What is decided stands in `domain/retrieval/vector_index/`.
"""
