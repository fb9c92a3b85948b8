"""A large tenant's approximate nearest-neighbour index (HNSW) of its own, beside exact search: on trial, promoted, withdrawn.

Begin in `promotion.py`, which decides; `index.py` is the record of what was decided, `recall.py` the figure that it rests on.
"""
